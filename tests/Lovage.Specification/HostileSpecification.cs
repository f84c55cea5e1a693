using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Lovage.Protocol;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Texts that mean something to a database, a shell, a terminal or a format string.</summary>
public static class HostileTexts
{
    public static TheoryData<string> All =>
    [
        "'; DROP TABLE jobs; --",
        "\" OR 1=1 /*",
        "%_\\[a-z]*?",
        "{0} {{}} $1 @p0 :p :id ?1",
        "grüß 世界 \U0001F33F e\u0301 \u202Eright-to-left\u202C \uFEFF",
        "\u0001\u0007\u001b[31mred\u0085\u2028\t",
        "key=value&a=b;c,d|e",
    ];
}

/// <summary>Text and sizes that break careless storages.</summary>
public abstract class HostileSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    [Theory]
    [MemberData(nameof(HostileTexts.All), MemberType = typeof(HostileTexts))]
    public async Task EveryText_Hostile_ComesBackToTheLetter(string text)
    {
        var json = JsonSerializer.Serialize(text);
        var message = A.Message(body: KeepsAnyMessage ? text : $"[[{json}],{{}},{{}}]") with
        {
            Headers = ImmutableDictionary<string, string>.Empty.Add(text, text),
            Origin = text,
            ReplyTo = KeepsAnyMessage ? text : null,
            RootId = KeepsAnyMessage ? text : null,
            Extra = Encoding.UTF8.GetBytes(KeepsAnyMessage ? text : $"{{\"x\":[{json}]}}"),
        };
        var result = KeepsAnyMessage ? text : json;
        await PublishAsync(message);
        var delivery = await ReceiveOneAsync();
        AssertSame(message, delivery.Message);
        await Store.ReportProgressAsync([new(delivery.Token, message.Id, 1, text)], Stop);
        Assert.Equal(text, (await FindAsync(message.Id)).ProgressMessage);
        var attempt = A.Attempt() with
        {
            Error = new JobError(text, text, text),
            Logs = [new LogLine(Time.GetUtcNow(), 0, text, text)],
            Worker = TestData.Owner().Key,
        };
        await SettleAsync(A.Outcome(delivery, JobDecision.Bury) with
        {
            Reason = text,
            Result = Encoding.UTF8.GetBytes(result),
            Attempt = attempt,
        });

        var record = await FindAsync(message.Id);
        Assert.Equal((text, new JobError(text, text, text)), (record.Reason, record.Error));
        Assert.Equal(result, Encoding.UTF8.GetString(record.Result.Span));
        var kept = Assert.Single(await History.AttemptsAsync(message.Id, Stop));
        Assert.Equal(attempt.Error, kept.Error);
        Assert.Equal(attempt.Logs, kept.Logs);
        await Broker.PauseAsync(TestData.Queue, text, Stop);
        Assert.Equal(text, (await QueueAsync()).PauseReason);
        Assert.Empty((await History.QueryAsync(new JobQuery { Name = text }, Stop)).Jobs);
        Assert.Empty((await History.QueryAsync(new JobQuery { Queue = text }, Stop)).Jobs);
    }

    [Fact]
    public async Task Cancel_HostileReason_ComesBackToTheLetter()
    {
        var message = await PublishOneAsync();
        await CancelAsync(message.Id, "'); DELETE FROM jobs; -- \U0001F33F");

        Assert.Equal("'); DELETE FROM jobs; -- \U0001F33F", (await FindAsync(message.Id)).Reason);
    }

    [Fact]
    public async Task Body_OfAnyBytes_ComesBack()
    {
        var body = new byte[256 * 1024];
        new Random(1).NextBytes(body);
        var message = A.Message() with { Body = body };
        if (!KeepsAnyMessage)
        {
            await AssertRefusedAsync(message);
            return;
        }

        await PublishAsync(message);
        var delivery = await ReceiveOneAsync();
        AssertSame(message, delivery.Message);
        await SettleAsync(A.Outcome(delivery) with { Result = body });

        Assert.Equal(body, (await FindAsync(message.Id)).Result.ToArray());
    }

    [Fact]
    public async Task BodyAndResult_Empty_StayEmpty()
    {
        var message = A.Message() with { Body = default };
        if (!KeepsAnyMessage)
        {
            await AssertRefusedAsync(message);
            return;
        }

        await PublishAsync(message);
        await SettleAsync(A.Outcome(await ReceiveOneAsync()) with { Result = default });

        var record = await FindAsync(message.Id);
        Assert.True(record.Message.Body.IsEmpty);
        Assert.True(record.Result.IsEmpty);
    }

    [Fact]
    public async Task FieldsThatNoEnvelopeCarries_AreKeptOrRefused()
    {
        JobMessage[] messages =
        [
            A.Message() with { RootId = "a b" },
            A.Message() with { ParentId = "" },
            A.Message() with { GroupId = new string('x', 129) },
            A.Message() with { ReplyTo = "a\0" },
            A.Message() with { Extra = "[1]"u8.ToArray() },
            A.Message() with { Extra = "{"u8.ToArray() },
        ];
        foreach (var message in messages)
        {
            if (KeepsAnyMessage)
            {
                await PublishAsync(message);
                AssertSame(message, (await FindAsync(message.Id)).Message);
            }
            else
            {
                await AssertRefusedAsync(message);
            }
        }
    }

    [Fact]
    public async Task Names_DifferingOnlyInCase_AreDifferent()
    {
        await PublishAsync(A.Message("Tasks.Add", "Default"), A.Message());

        Assert.Single(await ReceiveAsync());
        Assert.Equal(2, (await History.CountersAsync(Stop)).Count);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("A")]
    [InlineData("._:-")]
    [InlineData("0")]
    public async Task Ids_OfForeignShape_AreTakenAsTheyCome(string id)
    {
        var message = A.Message() with { Id = JobId.Parse(id), HasChosenId = true };
        await PublishAsync(message, A.Message() with { Id = JobId.Parse(new string('x', 128)), HasChosenId = true });

        Assert.Equal(id, (await FindAsync(message.Id)).Message.Id.Value);
        Assert.Equal(2, (await ReceiveAsync()).Count);
    }

    [Fact]
    public async Task LargestBatches_GoThroughEveryCall()
    {
        var messages = A.Messages(JobBroker.BatchMax);
        var ids = Ids(messages);
        await PublishAsync(messages);
        var deliveries = await ReceiveAsync(JobBroker.BatchMax);
        LeaseToken[] tokens = [.. deliveries.Select(d => d.Token)];

        Assert.All(
            await Store.RecordStartsAsync(
                [.. deliveries.Select(d => new JobStart(d.Token, d.Message.Id, Time.GetUtcNow(), false))], Stop),
            Assert.True);
        await Store.ReportProgressAsync(
            [.. deliveries.Select(d => new ProgressUpdate(d.Token, d.Message.Id, 0.5, null))], Stop);
        Assert.All(await Broker.RenewAsync(tokens, Lease, Stop), status => Assert.Equal(LeaseStatus.Held, status));
        Assert.Equal(tokens.Length, await ReleaseAsync(tokens));
        deliveries = await ReceiveAsync(JobBroker.BatchMax);
        Assert.Equal(ids, Ids(deliveries));
        Assert.All(
            Statuses(await Store.SettleAsync([.. deliveries.Select(d => A.Outcome(d))], Stop)),
            status => Assert.Equal(SettleStatus.Applied, status));
        Assert.All(await History.FindAsync(ids, Stop), job => Assert.Equal(JobState.Succeeded, job?.State));
        Assert.Equal(ids.Length, await RequeueAsync(ids));
        Assert.All(
            Statuses(await Store.CancelAsync(ids, null, Stop)),
            status => Assert.Equal(CancelStatus.Cancelled, status));
        Assert.Equal(
            ids.Length,
            await Store.PruneAsync(
                new RetentionPolicy(TimeSpan.MaxValue, TimeSpan.MaxValue, 0), JobBroker.BatchMax, Stop));
    }

    /// <summary>Nothing of it is stored, and the next message is.</summary>
    private async Task AssertRefusedAsync(JobMessage message)
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(async () => await PublishAsync(message));
        Assert.NotEmpty(refused.Message);
        Assert.Null((await History.FindAsync([message.Id], Stop))[0]);
        await PublishOneAsync();
    }
}
