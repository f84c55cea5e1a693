using System.Globalization;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>
/// Random sequences of calls, compared step by step with <see cref="StorageModel"/>. Set LOVAGE_SEED to a printed seed
/// to replay one sequence.
/// </summary>
public abstract class ModelSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private const int Sequences = 25;
    private const int Steps = 120;

    private static readonly TimeSpan OfferLimit = TimeSpan.FromMinutes(1);

    private readonly Dictionary<JobId, Delivery> _held = [];
    private readonly List<Delivery> _lost = [];
    private readonly List<string> _trace = [];
    private StorageModel _model = new();

    [Fact]
    public async Task RandomCalls_AgreeWithTheModel()
    {
        var replayed = Environment.GetEnvironmentVariable("LOVAGE_SEED");
        var seeds = replayed is null
            ? [.. Enumerable.Range(0, Sequences).Select(_ => Random.Shared.Next())]
            : new[] { int.Parse(replayed, CultureInfo.InvariantCulture) };
        foreach (var seed in seeds)
        {
            await DisposeAsync();
            await InitializeAsync();
            _model = new StorageModel();
            _held.Clear();
            _lost.Clear();
            _trace.Clear();
            try
            {
                await RunAsync(new Random(seed));
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                throw new InvalidOperationException(
                    $"LOVAGE_SEED={seed}: {fault.Message}\nThe last steps:\n{string.Join('\n', _trace.TakeLast(30))}",
                    fault);
            }
        }
    }

    private async Task RunAsync(Random random)
    {
        for (var step = 0; step < Steps; step++)
        {
            // Each step takes time, so that no two due times are equal and their order is plain.
            Time.Advance(TimeSpan.FromMilliseconds(random.Next(10) == 0 ? 20_000 : 7));
            if (_model.HasDue(Time.GetUtcNow()))
            {
                // Whether due jobs join at their instant or at the next look is a storage's own matter: look at once,
                // and it is the same.
                await ReceiveSomeAsync("one", 1);
            }

            await StepAsync(random);
            await CompareAsync();
        }
    }

    private Task StepAsync(Random random) => random.Next(20) switch
    {
        0 or 1 or 2 => PublishSomeAsync(random),
        3 or 4 or 5 => random.Next(3) > 0
            ? ReceiveOrphanOrSomeAsync(random.Next(2) == 0 ? "one" : "two", random.Next(1, 5))
            : ReceiveSomeAsync(random.Next(2) == 0 ? "one" : "two", random.Next(1, 5)),
        6 or 7 => SettleSomeAsync(random),
        8 => StartSomeAsync(random),
        9 => ReleaseSomeAsync(random),
        10 => ReclaimSomeAsync(random),
        11 => CancelSomeAsync(random),
        12 => RequeueSomeAsync(random),
        13 or 14 => DeclineSomeAsync(random),
        15 => RunSomeNowAsync(random),
        16 => MoveSomeAsync(random),
        17 => DeleteSomeAsync(random),
        18 => random.Next(4) == 0 ? PurgeAsync() : ReceiveSomeAsync("two", 3),
        _ => TryLostTokensAsync(),
    };

    private async Task PublishSomeAsync(Random random)
    {
        var message = A.Message(priority: random.Next(3)) with
        {
            Delay = TimeSpan.FromSeconds(random.Next(4) == 0 ? random.Next(1, 60) : 0),
        };
        _trace.Add($"publish {message.Id} priority {message.Priority} delay {message.Delay}");
        await PublishAsync(message);
        _model.Publish(message, Time.GetUtcNow());
    }

    /// <summary>An orphan; ordinary jobs when there is none, as a worker with both loops has it.</summary>
    private async Task ReceiveOrphanOrSomeAsync(string owner, int max)
    {
        _trace.Add($"receive an orphan for {owner}");
        var delivery = await ReceiveOrphanAsync(owner);
        AssertClaimed(
            _model.ReceiveOrphan(owner, Time.GetUtcNow() + Lease), delivery is null ? [] : [delivery]);
        if (delivery is null)
        {
            await ReceiveSomeAsync(owner, max);
        }
    }

    private async Task ReceiveSomeAsync(string owner, int max)
    {
        _trace.Add($"receive {max} for {owner}");
        var deliveries = await ReceiveAsync(max, owner);
        AssertClaimed(_model.Receive(owner, max, Time.GetUtcNow() + Lease, Time.GetUtcNow()), deliveries);
    }

    private void AssertClaimed(IReadOnlyList<ModelJob> expected, IReadOnlyList<Delivery> deliveries)
    {
        Assert.Equal(
            expected.Select(job => (job.Message.Id, job.Priority, job.Retries, job.Attempts, job.Offers, job.Orphan)),
            deliveries.Select(d => (
                d.Message.Id, d.Message.Priority, d.Message.Retries, d.AttemptsSoFar, d.Offers, d.IsOrphan)));
        foreach (var delivery in deliveries)
        {
            _held[delivery.Message.Id] = delivery;
        }
    }

    private async Task SettleSomeAsync(Random random)
    {
        if (Pick(_model.Held, random) is { } job)
        {
            JobDecision[] decisions =
            [
                JobDecision.Succeed,
                JobDecision.Retry,
                JobDecision.Retry,
                JobDecision.Fail,
                JobDecision.Cancel,
                JobDecision.Bury,
            ];
            var decision = decisions[random.Next(decisions.Length)];
            var delay = TimeSpan.FromSeconds(random.Next(1, 30));
            _trace.Add($"settle {job.Message.Id} {decision} {delay}");
            Assert.Equal(
                SettleStatus.Applied,
                await SettleAsync(A.Outcome(_held[job.Message.Id], decision) with { RetryDelay = delay }));
            StorageModel.Settle(job, decision, Time.GetUtcNow() + delay);
            _held.Remove(job.Message.Id);
        }
    }

    private async Task StartSomeAsync(Random random)
    {
        if (Pick(_model.Held, random) is { } job)
        {
            _trace.Add($"start {job.Message.Id} ahead {job.Orphan}");
            Assert.True(await StartAsync(_held[job.Message.Id], job.Orphan));
            StorageModel.Start(job, job.Orphan);
        }
    }

    private async Task ReleaseSomeAsync(Random random)
    {
        if (Pick(_model.Held, random) is { } job)
        {
            _trace.Add($"release {job.Message.Id}");
            Assert.Equal(1, await ReleaseAsync([_held[job.Message.Id].Token]));
            StorageModel.Release(job);
            Lose(job);
        }
    }

    private async Task ReclaimSomeAsync(Random random)
    {
        var dead = random.Next(2) == 0 ? "one" : null;
        _trace.Add($"reclaim, dead: {dead ?? "no owner"}");
        var before = _model.Held.ToList();
        await Broker.ReclaimAsync(dead is null ? [] : [TestData.Owner(dead).Key], 1_000, Stop);
        _model.Reclaim(dead, Time.GetUtcNow());
        before.Where(job => job.Owner is null).ToList().ForEach(Lose);
    }

    private async Task CancelSomeAsync(Random random)
    {
        if (Pick(_model.Jobs, random) is { } job)
        {
            _trace.Add($"cancel {job.Message.Id}");
            var expected = job.Owner is not null ? CancelStatus.Requested
                : job.State.IsFinal ? CancelStatus.AlreadyEnded
                : CancelStatus.Cancelled;
            Assert.Equal(expected, await CancelAsync(job.Message.Id));
            StorageModel.Cancel(job);
        }
    }

    private async Task RequeueSomeAsync(Random random)
    {
        if (Pick(_model.Jobs, random) is { } job)
        {
            _trace.Add($"requeue {job.Message.Id}");
            Assert.Equal(job.State.IsFinal ? 1 : 0, await RequeueAsync([job.Message.Id]));
            _model.Requeue(job);
        }
    }

    private async Task DeclineSomeAsync(Random random)
    {
        if (Pick(_model.Held, random) is { } job)
        {
            var delay = TimeSpan.FromSeconds(random.Next(1, 30));
            _trace.Add($"decline {job.Message.Id} {delay}");
            var result = await DeclineAsync(_held[job.Message.Id], delay, OfferLimit);
            StorageModel.Decline(job, Time.GetUtcNow() + delay, OfferLimit, Time.GetUtcNow());
            Assert.Equal(1, result.Count);
            Assert.Equal(
                job.State.IsFinal ? [(job.Message.Id, job.State)] : [], result.Ended.Select(e => (e.Id, e.State)));
            Lose(job);
        }
    }

    private async Task RunSomeNowAsync(Random random)
    {
        if (Pick(_model.Jobs.Where(job => !job.State.IsFinal), random) is { } job)
        {
            _trace.Add($"run now {job.Message.Id}");
            AssertChanged(
                job.State, await Store.RunNowAsync([job.Message.Id], Stop), _model.RunNow(job));
        }
    }

    private async Task MoveSomeAsync(Random random)
    {
        if (Pick(_model.Jobs.Where(job => !job.State.IsFinal), random) is { } job)
        {
            var priority = random.Next(4);
            _trace.Add($"move {job.Message.Id} to priority {priority}");
            AssertChanged(
                job.State,
                await Store.MoveAsync([job.Message.Id], new JobMove(Priority: priority), Stop),
                _model.Move(job, priority));
        }
    }

    private async Task DeleteSomeAsync(Random random)
    {
        if (Pick(_model.Jobs, random) is { } job)
        {
            _trace.Add($"delete {job.Message.Id}");
            AssertChanged(job.State, await Store.DeleteAsync([job.Message.Id], Stop), _model.Delete(job));
            Assert.Equal(job.State.IsFinal, (await History.FindAsync([job.Message.Id], Stop))[0] is null);
        }
    }

    private async Task PurgeAsync()
    {
        _trace.Add("purge");
        var ended = await Broker.PurgeAsync(TestData.Queue, 1_000, Stop);
        Assert.Equal(_model.Purge().Select(job => job.Message.Id).ToHashSet(), ended.Select(e => e.Id).ToHashSet());
    }

    private static void AssertChanged(JobState found, IReadOnlyList<ChangeResult> results, bool isChanged) =>
        Assert.Equal([new(isChanged ? ChangeStatus.Changed : ChangeStatus.NotPossible, found)], results);

    private async Task TryLostTokensAsync()
    {
        _trace.Add("use lost tokens");
        foreach (var delivery in _lost.TakeLast(3))
        {
            Assert.Equal(SettleStatus.Stale, await SettleAsync(delivery));
            Assert.Equal(LeaseStatus.Lost, await RenewAsync(delivery));
            Assert.Equal(0, await ReleaseAsync([delivery.Token]));
            Assert.Equal(0, (await DeclineAsync(delivery)).Count);
        }
    }

    private async Task CompareAsync()
    {
        foreach (var batch in _model.Jobs.Chunk(500))
        {
            var records = await History.FindAsync([.. batch.Select(job => job.Message.Id)], Stop);
            Assert.Equal(
                batch.Select(Shown),
                records.Select(r => (
                    r!.Id, r.State, r.Message.Priority, r.Message.Retries, r.Attempts, r.Offers, r.CancelRequested)));
        }

        Assert.Equal(
            _model.Held.Select(job => TestData.Owner(job.Owner!).Key).ToHashSet(),
            (await Broker.OwnersAsync(Stop)).ToHashSet());

        static (JobId Id, JobState State, int Priority, int Retries, int Attempts, int Offers, bool CancelRequested)
            Shown(ModelJob job) =>
            (job.Message.Id, job.State, job.Priority, job.Retries, job.Attempts, job.Offers, job.CancelRequested);
    }

    private void Lose(ModelJob job)
    {
        _held.Remove(job.Message.Id, out var delivery);
        _lost.Add(delivery!);
    }

    private static ModelJob? Pick(IEnumerable<ModelJob> jobs, Random random)
    {
        var all = jobs.ToList();
        return all.Count == 0 ? null : all[random.Next(all.Count)];
    }
}
