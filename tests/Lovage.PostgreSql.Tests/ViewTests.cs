using System.Collections.Immutable;
using Lovage.Specification;
using Lovage.Storage;
using Npgsql;
using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <summary>The view <c>job</c>, which others may build on.</summary>
public sealed class ViewTests : StorageSpecification<PostgreSqlFixture>
{
    [Fact]
    public async Task View_Columns_AreThosePromised()
    {
        await using var rows = await RowsAsync(
            "SELECT column_name || ' ' || data_type FROM information_schema.columns WHERE table_schema = '{schema}' "
                + "AND table_name = 'job' ORDER BY ordinal_position");
        var columns = new List<string>();
        while (await rows.ReadAsync(Stop))
        {
            columns.Add(rows.GetString(0));
        }

        const string Instant = "timestamp with time zone";
        Assert.Equal([
            "id text", "name text", "queue text", "status text", "attempts integer", $"created_at {Instant}",
            $"started_at {Instant}", $"finished_at {Instant}", "worker text", "state text", "priority integer",
            $"due_at {Instant}", "reason text", "error_type text", "error text", "schedule text", "worker_key text",
            "tags ARRAY",
        ], columns);
    }

    [Fact]
    public async Task View_AtEachStage_SpeaksCelerysWords()
    {
        var message = await PublishOneAsync();
        await AssertAsync(message.Id);
        await SettleAsync(
            A.Outcome(await ReceiveOneAsync(), JobDecision.Retry) with { RetryDelay = TimeSpan.FromSeconds(5) });
        await AssertAsync(message.Id);
        Time.Advance(TimeSpan.FromSeconds(6));
        var delivery = await ReceiveOneAsync();
        await AssertAsync(message.Id);
        await StartAsync(delivery, ahead: false);
        await AssertAsync(message.Id);
        Assert.Equal(JobState.Running, await StateAsync(message));
        Time.Advance(TimeSpan.FromSeconds(1));
        await SettleAsync(delivery);
        await AssertAsync(message.Id);
    }

    [Theory]
    [InlineData(JobDecision.Succeed)]
    [InlineData(JobDecision.Fail)]
    [InlineData(JobDecision.Cancel)]
    [InlineData(JobDecision.Expire)]
    [InlineData(JobDecision.Bury)]
    public async Task View_EndedJob_SaysHow(JobDecision decision)
    {
        var message = await PublishOneAsync();
        await SettleAsync(await ReceiveOneAsync(), decision);

        await AssertAsync(message.Id);
    }

    [Fact]
    public async Task View_HostileTexts_CanBeRead()
    {
        var message = A.Message() with
        {
            Headers = ImmutableDictionary<string, string>.Empty.Add("lovage_schedule", "night\0ly \\u0000"),
        };
        await PublishAsync(message);
        var outcome = A.Outcome(await ReceiveOneAsync(), JobDecision.Fail);
        await SettleAsync(outcome with
        {
            Attempt = outcome.Attempt with { Error = new JobError("T\0", "a\0b \\u0000 \ud83d\ude00", null) },
        });

        await using var rows = await RowsAsync(
            $"SELECT error, schedule FROM {{schema}}.job WHERE id = '{message.Id.Value}'");
        Assert.True(await rows.ReadAsync(Stop));
        Assert.Equal("a\ufffdb \\ufffd \ud83d\ude00", rows.GetString(0));
        Assert.Equal("night\ufffdly \\ufffd", rows.GetString(1));
    }

    [Fact]
    public async Task View_DelayedJob_IsPending()
    {
        var message = A.Message() with { Delay = TimeSpan.FromMinutes(1) };
        await PublishAsync(message);

        await AssertAsync(message.Id);
    }

    /// <summary>The row says what the record says.</summary>
    private async Task AssertAsync(JobId id)
    {
        var record = await FindAsync(id);
        await using var rows = await RowsAsync($"SELECT * FROM {{schema}}.job WHERE id = '{id.Value}'");
        Assert.True(await rows.ReadAsync(Stop));
        Assert.Equal(
            (
                record.Message.Name,
                record.Message.Queue,
                record.State.CeleryWord,
                record.Attempts,
                record.EnqueuedAt,
                record.StartedAt,
                record.FinishedAt,
                record.Worker,
                record.State.ToString(),
                record.Reason,
                record.State == JobState.Failed ? record.Error?.Type : null),
            (
                rows.GetString(1),
                rows.GetString(2),
                rows.GetString(3),
                rows.GetInt32(4),
                At(rows, 5)!.Value,
                At(rows, 6),
                At(rows, 7),
                Text(rows, "worker_key"),
                Text(rows, "state")!,
                Text(rows, "reason"),
                record.State == JobState.Failed ? Text(rows, "error_type") : null));
        Assert.Equal(record.DueAt, At(rows, rows.GetOrdinal("due_at")));
        Assert.Equal(record.Message.Headers.GetValueOrDefault("lovage_schedule"), Text(rows, "schedule"));
        if (record.Worker is { } worker)
        {
            var owner = WorkerOwner.Parse(worker);
            Assert.Equal($"{owner.Instance.Split('~')[0]}:{owner.ProcessId}", Text(rows, "worker"));
        }

        Assert.False(await rows.ReadAsync(Stop));
    }

    private static string? Text(NpgsqlDataReader rows, string column) =>
        rows.IsDBNull(rows.GetOrdinal(column)) ? null : rows.GetString(rows.GetOrdinal(column));

    private static DateTimeOffset? At(NpgsqlDataReader rows, int column) =>
        rows.IsDBNull(column) ? null : rows.GetFieldValue<DateTimeOffset>(column);

    private async Task<NpgsqlDataReader> RowsAsync(string sql)
    {
        var server = await PostgreSqlServer.GetAsync();
        var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync(Stop);
        await using var command = new NpgsqlCommand(
            sql.Replace("{schema}", ((SharedHandle)Storage).Storage.Database.Schema.Name, StringComparison.Ordinal),
            connection);
        return await command.ExecuteReaderAsync(System.Data.CommandBehavior.CloseConnection, Stop);
    }
}
