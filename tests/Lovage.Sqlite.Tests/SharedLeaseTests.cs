using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Xunit;

namespace Lovage.Sqlite.Tests;

/// <summary>
/// What the app's own writes to a shared file do to leases, by the real clock and leases of two seconds.
/// </summary>
public sealed class SharedLeaseTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SharedApp _app = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>As 10 s of writing are to a lease of 30 s, and twice as much.</summary>
    [Theory]
    [InlineData(667)]
    [InlineData(1_300)]
    public async Task Leases_OneLongWriteOfTheApp_AreKept(int milliseconds)
    {
        var handles = await HoldAsync(8);

        await _app.WriteForAsync(TimeSpan.FromMilliseconds(milliseconds), Stop);

        await EndAsync(handles, SharedApp.Lease);
        Assert.Empty(_app.Cancelled);
        Assert.All(_app.Runs.Values, static runs => Assert.Equal(1, runs));
    }

    [Fact]
    public async Task Leases_WriteOfTheAppLongerThanTheyAre_LoseNoJob()
    {
        var handles = await HoldAsync(8);
        var waiting = await _app.Jobs.EnqueueAsync(
            [.. Enumerable.Range(0, 20).Select(static _ => Job.Create("quick"))], Stop);

        await _app.WriteForAsync(TimeSpan.FromSeconds(10), Stop);

        await EndAsync([.. handles, .. waiting], TimeSpan.Zero);
    }

    [Fact]
    public async Task Leases_TheAppWritesWithoutAPause_AreKept()
    {
        var handles = await HoldAsync(8);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var writing = Task.Factory.StartNew(
            () => WriteWithoutAPause(enough.Token), Stop, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        await PassAsync(3 * SharedApp.Lease);
        await enough.CancelAsync();

        Assert.InRange(await writing, 50, int.MaxValue);
        await EndAsync(handles, TimeSpan.Zero);
        Assert.Empty(_app.Cancelled);
        Assert.All(_app.Runs.Values, static runs => Assert.Equal(1, runs));
    }

    [Theory]
    [InlineData("VACUUM")]
    [InlineData("PRAGMA wal_checkpoint(TRUNCATE)")]
    [InlineData("PRAGMA wal_checkpoint(RESTART)")]
    [InlineData("PRAGMA incremental_vacuum; PRAGMA optimize; REINDEX; ANALYZE")]
    public async Task Leases_AppTidiesTheFile_AreKeptAndTheFileIsSound(string sql)
    {
        var handles = await HoldAsync(4);
        for (var i = 0; i < 5; i++)
        {
            var quick = await _app.Jobs.EnqueueAsync(
                [.. Enumerable.Range(0, 50).Select(static _ => Job.Create("quick"))], Stop);
            await _app.ExecuteAsync(sql, Stop);
            foreach (var handle in quick)
            {
                await handle.WaitAsync(Patience, Stop);
            }
        }

        await EndAsync(handles, SharedApp.Lease);

        Assert.Empty(_app.Cancelled);
        Assert.All(_app.Runs.Values, static runs => Assert.Equal(1, runs));
        await using var connection = _app.Open();
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA integrity_check";
        Assert.Equal("ok", await command.ExecuteScalarAsync(Stop));
    }

    [Fact]
    public async Task Health_AppBlocksTheWriterForAThirdOfALease_IsDegradedUntilItLetsGo()
    {
        var handles = await HoldAsync(1);
        Assert.Equal(HealthStatus.Healthy, (await _app.HealthAsync("Lovage.Storage", Stop)).Status);

        await _app.WriteAsync(
            async () =>
            {
                var reason = await ReachAsync(HealthStatus.Degraded);
                Assert.Contains("kept Lovage from writing", reason, StringComparison.Ordinal);
            },
            Stop);

        await ReachAsync(HealthStatus.Healthy);
        await EndAsync(handles, TimeSpan.Zero);
    }

    [Fact]
    public async Task App_LovageIsBusy_WritesAllTheSame()
    {
        await _app.StartAsync(Stop);
        var handles = await _app.Jobs.EnqueueAsync(
            [.. Enumerable.Range(0, 10_000).Select(static _ => Job.Create("quick"))], Stop);

        for (var i = 0; i < 20; i++)
        {
            await _app.ExecuteAsync("INSERT INTO customer(name) VALUES ('new')", Stop);
        }

        foreach (var handle in handles)
        {
            await handle.WaitAsync(Patience, Stop);
        }
    }

    private async Task<IReadOnlyList<JobHandle>> HoldAsync(int count)
    {
        await _app.StartAsync(Stop);
        var handles = await _app.Jobs.EnqueueAsync(
            [.. Enumerable.Range(0, count).Select(static _ => Job.Create("hold"))], Stop);
        while (_app.Runs.Count < count)
        {
            await PassAsync(TimeSpan.FromMilliseconds(20));
        }

        return handles;
    }

    /// <summary>Gives the workers the time to notice what they have lost, and lets the handlers end.</summary>
    private async Task EndAsync(IReadOnlyList<JobHandle> handles, TimeSpan later)
    {
        await PassAsync(later);
        _app.Released.TrySetResult();
        foreach (var handle in handles)
        {
            Assert.Equal(JobState.Succeeded, (await handle.WaitAsync(Patience, Stop)).State);
        }
    }

    private async Task<string> ReachAsync(HealthStatus status)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, $"Health was never {status}.");
            var (now, reason) = await _app.HealthAsync("Lovage.Storage", Stop);
            if (now == status)
            {
                return reason;
            }

            await PassAsync(TimeSpan.FromMilliseconds(20));
        }
    }

    private int WriteWithoutAPause(CancellationToken enough)
    {
        using var connection = _app.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "INSERT INTO customer(name) VALUES ('new')";
        var written = 0;
        while (!enough.IsCancellationRequested)
        {
            using var transaction = connection.BeginTransaction();
            command.Transaction = transaction;
            for (var i = 0; i < 500; i++)
            {
                command.ExecuteNonQuery();
            }

            transaction.Commit();
            written++;
        }

        return written;
    }

    private static Task PassAsync(TimeSpan time) => Task.Delay(time, TimeProvider.System, Stop);
}
