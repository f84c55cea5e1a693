using System.Collections.Concurrent;
using System.Collections.Immutable;
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

        JobDefinition Counting(string name) => new(name, invocation =>
        {
            runs.AddOrUpdate(invocation.Context.Id.Value, 1, static (_, count) => count + 1);
            return default;
        });
    }

    [Fact]
    public async Task Enqueue_NewerAppSetsAnAddedParameter_OnlyItsWorkerRunsThoseJobs()
    {
        var runs = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        await StartAsync(WithWorker, Greeting(1));
        var stranger = await StartAsync(OnItsOwn);
        var newer = await StartAsync(OnItsOwn, Greeting(2));

        var byPosition = await newer.EnqueueAsync(
            [.. Enumerable.Range(0, 20).Select(static i => Once(Job.Create("mail.greet", $"a{i}", "de")))], Stop);
        var byName = await newer.EnqueueAsync(
            [
                .. Enumerable.Range(0, 20).Select(static i => Once(
                    Job.Create("mail.greet", JobArguments.Of([$"a{i}"], [new("language", "de")])))),
            ],
            Stop);
        var without = await newer.EnqueueAsync(Once(Job.Create("mail.greet", "b")), Stop);
        await without.WaitAsync(Minute, Stop);

        // Nothing marks it as a newer definition's, and no live worker takes it: it fails at once.
        var foreign = await stranger.EnqueueAsync(Once(Job.Create("mail.greet", "c", "de")), Stop);
        await Assert.ThrowsAsync<JobFailedException>(async () => await foreign.WaitAsync(Minute, Stop));
        await StartAsync(WithWorker, Greeting(2));

        foreach (var handle in byPosition.Concat(byName))
        {
            await handle.WaitAsync(Minute, Stop);
            var record = Assert.IsType<JobRecord>(await handle.FindAsync(Stop));
            Assert.Equal((JobState.Succeeded, 1, 0), (record.State, record.Attempts, record.Message.Retries));
            Assert.Equal("2 de", runs[handle.Id.Value]);
        }

        Assert.Equal("1", runs[without.Id.Value]);
        Assert.Equal(41, runs.Count);

        static Job Once(Job job) => job with { MaxAttempts = 1 };

        // The job of one version: the second one has appended a parameter.
        JobDefinition Greeting(int version)
        {
            ImmutableArray<JobParameter> parameters =
                [new("email", typeof(string), false), new("language", typeof(string), true)];
            parameters = parameters[..version];
            return new JobDefinition("mail.greet", invocation =>
            {
                var reader = invocation.ReadArguments();
                reader.Read<string>("email");
                var language = version == 1 ? "" : $" {reader.Read("language", "en")}";
                reader.End(parameters);
                Assert.True(runs.TryAdd(invocation.Context.Id.Value, $"{version}{language}"));
                return default;
            })
            {
                Parameters = parameters,
            };
        }
    }

    // As in two processes: each app has a storage of its own, and only signals wake its worker in time.
    private void WithWorker(LovageBuilder lovage)
    {
        OnItsOwn(lovage);
        lovage.AddWorker(worker => worker.PollInterval = Fixture.PollInterval);
    }

    private void OnItsOwn(LovageBuilder lovage) => lovage.UseStorage(Fixture.NewStorage());
}
