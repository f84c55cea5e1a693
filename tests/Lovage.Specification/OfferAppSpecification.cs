using System.Collections.Concurrent;
using Xunit;

namespace Lovage.Specification;

/// <summary>Apps that share a queue although each knows only a part of its jobs.</summary>
public abstract class OfferAppSpecification<TFixture> : TransactionApp<TFixture>
    where TFixture : TransactionAppFixture, new()
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Enqueue_TwoAppsKnowHalfOfTheNamesEach_AllRunOnceAndAnUnknownNameWaits()
    {
        var runs = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var jobs = await StartAsync(WithWorker, Counting("half.a"), Counting("half.b"));
        await StartAsync(WithWorker, Counting("half.c"), Counting("half.d"));
        var unknown = await jobs.EnqueueAsync(Job.Create("half.unknown"), Stop);

        var handles = await jobs.EnqueueAsync(
            [.. Enumerable.Range(0, 300).Select(static i => Job.Create($"half.{"abcd"[i % 4]}"))], Stop);

        foreach (var handle in handles)
        {
            await handle.WaitAsync(Minute, Stop);
            var record = Assert.IsType<JobRecord>(await handle.FindAsync(Stop));
            Assert.Equal((JobState.Succeeded, 1, 0), (record.State, record.Attempts, record.Message.Retries));
        }

        Assert.Equal(300, runs.Count);
        Assert.All(runs.Values, static count => Assert.Equal(1, count));
        var waiting = Assert.IsType<JobRecord>(await unknown.FindAsync(Stop));
        Assert.False(waiting.IsFinal, $"The job that no worker knows is {waiting.State}: {waiting.Reason}");
        Assert.Equal((0, 0), (waiting.Attempts, waiting.Message.Retries));
        Assert.InRange(waiting.Offers, 1, int.MaxValue);
        Assert.False(string.IsNullOrEmpty(waiting.Reason));

        // As in two processes: each app has a storage of its own, and only signals wake its worker in time.
        void WithWorker(LovageBuilder lovage) => lovage.UseStorage(Fixture.NewStorage())
            .AddWorker(worker => worker.PollInterval = Fixture.PollInterval);

        JobDefinition Counting(string name) => new(name, invocation =>
        {
            runs.AddOrUpdate(invocation.Context.Id.Value, 1, static (_, count) => count + 1);
            return default;
        });
    }
}
