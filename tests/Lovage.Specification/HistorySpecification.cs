using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Attempts, logs, errors, starts and progress.</summary>
public abstract class HistorySpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    [Fact]
    public async Task Attempts_OfARetriedJob_AreAllKeptOldestFirst()
    {
        var message = await PublishOneAsync();
        var expected = new List<AttemptRecord>();
        for (var i = 1; i <= 3; i++)
        {
            var outcome = A.Outcome(await ReceiveOneAsync(), i < 3 ? JobDecision.Retry : JobDecision.Succeed);
            outcome = outcome with
            {
                Attempt = outcome.Attempt with
                {
                    Logs =
                    [
                        new LogLine(Time.GetUtcNow(), 2, "Jobs.Add", $"line {i}"),
                        new LogLine(Time.GetUtcNow(), 4, "Jobs", ""),
                    ],
                },
            };
            Assert.Equal(i, outcome.Attempt.Number);
            expected.Add(outcome.Attempt);
            await SettleAsync(outcome);
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        var attempts = await History.AttemptsAsync(message.Id, Stop);

        Assert.Equal(expected.Select(a => a with { Logs = [] }), attempts.Select(a => a with { Logs = [] }));
        Assert.Equal(expected.Select(a => a.Logs), attempts.Select(a => a.Logs));
        Assert.Equal(expected[1].Error, (await FindAsync(message.Id)).Error);
    }

    [Fact]
    public async Task Attempts_OfAnUnknownJob_AreNone() => Assert.Empty(await History.AttemptsAsync(A.Id(), Stop));

    [Fact]
    public async Task RecordStarts_HeldJob_IsRunning()
    {
        var message = await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        var startedAt = Time.GetUtcNow();

        Assert.True(await StartAsync(delivery, ahead: false));

        var record = await FindAsync(message.Id);
        Assert.Equal((JobState.Running, 1, TestData.Owner().Key), (record.State, record.Attempts, record.Worker));
        Assert.Equal(startedAt, record.StartedAt);
        Assert.Empty(await History.AttemptsAsync(message.Id, Stop));
        await SettleAsync(delivery);
        Assert.Equal(1, (await FindAsync(message.Id)).Attempts);
        Assert.Single(await History.AttemptsAsync(message.Id, Stop));
    }

    [Fact]
    public async Task Progress_OfAHeldJob_IsKept()
    {
        var message = await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        await Store.ReportProgressAsync([new(delivery.Token, message.Id, 0.1, "begun")], Stop);
        await Store.ReportProgressAsync([new(delivery.Token, message.Id, 0.5, null)], Stop);

        var record = await FindAsync(message.Id);
        Assert.Equal(0.5, record.Progress);
        Assert.Null(record.ProgressMessage);
    }

    [Fact]
    public async Task Progress_OfAnEndedAttempt_IsForgottenWithARetry()
    {
        var message = await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        await Store.ReportProgressAsync([new(delivery.Token, message.Id, 0.5, "half")], Stop);
        await SettleAsync(delivery, JobDecision.Retry);

        var record = await FindAsync(message.Id);
        Assert.Null(record.Progress);
        Assert.Null(record.ProgressMessage);
    }
}
