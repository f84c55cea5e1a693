using Lovage.Protocol;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Each operation on a job in each place, as <see cref="PlacesTable"/> has it.</summary>
public abstract class PlacesSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private const string Elsewhere = "elsewhere";
    private const string Reason = "not wanted";

    private static readonly TimeSpan Delay = TimeSpan.FromHours(1);
    private static readonly TimeSpan Expiry = TimeSpan.FromMinutes(10);

    private Delivery? _held;

    [Theory]
    [MemberData(nameof(PlacesTable.Cells), MemberType = typeof(PlacesTable))]
    public async Task Operation_OnAJobInAPlace_DoesWhatTheTableSays(string place, string operation, string effect)
    {
        var job = await PutAsync(place, expires: operation == "expire");
        var found = PlacesTable.Shown(place);
        var stand = new Stand(found, PlacesTable.Count(place), TestData.Queue, place == "orphan");
        await AssertStandsAsync(job, stand);
        var attempts = (await History.AttemptsAsync(job.Id, Stop)).Count;
        var ends = ListenForEnds();

        await ApplyAsync(operation, effect, job, found);

        Assert.Equal(effect == "ends" ? [job.Id] : [], ends);
        stand = effect switch
        {
            "ends" => stand with { State = JobState.Cancelled, Count = "none" },
            "asked" => stand with { IsToBeCancelled = true },
            "joins" => stand with { State = JobState.Queued, Count = "ready" },
            "moves" => stand with { Queue = Elsewhere, Priority = 7 },
            "goes" => stand with { State = null, Count = "none" },
            "expires" => stand with { HasExpired = true },
            _ => stand,
        };
        await AssertStandsAsync(job, stand);
        Assert.Equal(effect == "goes" ? 0 : attempts, (await History.AttemptsAsync(job.Id, Stop)).Count);
        if (effect == "waits")
        {
            await AssertNothingComesAsync(TestData.Queue);
            await Broker.ResumeAsync(TestData.Queue, Stop);
        }

        await AssertComesAsync(job, stand);
        await AssertCountersAsync();
    }

    private async Task<JobMessage> PutAsync(string place, bool expires)
    {
        var job = A.Message() with
        {
            Delay = place == "scheduled" ? Delay : TimeSpan.Zero,
            Expires = expires ? Time.GetUtcNow() + Expiry : null,
        };
        await PublishAsync(job);
        if (place is "ready" or "scheduled")
        {
            return job;
        }

        if (place == "cancelled")
        {
            await CancelAsync(job.Id);
            return job;
        }

        var delivery = await ReceiveOneAsync();
        switch (place)
        {
            case "released":
                await ReleaseAsync([delivery.Token]);
                break;
            case "orphan":
                await KillAsync();
                break;
            case "retrying":
                await SettleAsync(A.Outcome(delivery, JobDecision.Retry) with { RetryDelay = Delay });
                break;
            case "declined":
                await DeclineAsync(delivery, Delay);
                break;
            case "claimed":
                _held = delivery;
                break;
            case "running":
                await StartAsync(delivery, ahead: false);
                _held = delivery;
                break;
            case "succeeded":
                await SettleAsync(delivery);
                break;
            case "dead":
                await SettleAsync(delivery, JobDecision.Bury);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(place), place, "The table has no such place.");
        }

        return job;
    }

    /// <summary>Does it, and compares the answer.</summary>
    private async Task ApplyAsync(string operation, string effect, JobMessage job, JobState found)
    {
        switch (operation)
        {
            case "shown":
                Assert.Equal(found, Enum.Parse<JobState>(effect));
                break;
            case "count":
                Assert.Equal(new BoundedCount(1, true), await History.CountAsync(new JobQuery(), 10, Stop));
                break;
            case "cancel":
                var cancelled = effect switch
                {
                    "ends" => new CancelResult(CancelStatus.Cancelled, JobState.Cancelled),
                    "asked" => new CancelResult(CancelStatus.Requested, found),
                    _ => new CancelResult(CancelStatus.AlreadyEnded, found),
                };
                Assert.Equal([cancelled], await Store.CancelAsync([job.Id], Reason, Stop));
                break;
            case "delete":
                AssertChanged(effect, found, await Store.DeleteAsync([job.Id], Stop));
                break;
            case "purge":
                var purged = new EndedJob(job.Id, job.Name, JobState.Cancelled, JobLifecycle.PurgedReason);
                Assert.Equal(effect == "ends" ? [purged] : [], await Broker.PurgeAsync(TestData.Queue, 100, Stop));
                break;
            case "run-now":
                AssertChanged(effect, found, await Store.RunNowAsync([job.Id], Stop));
                break;
            case "move":
                AssertChanged(effect, found, await Store.MoveAsync([job.Id], new JobMove(Elsewhere, 7), Stop));
                break;
            case "requeue":
                AssertChanged(effect, found, await Store.RequeueAsync([job.Id], Stop));
                break;
            case "pause":
                await Broker.PauseAsync(TestData.Queue, "repairs", Stop);
                break;
            case "prune":
                var nothing = new RetentionPolicy(TimeSpan.MaxValue, TimeSpan.MaxValue, 0);
                Assert.Equal(effect == "goes" ? 1 : 0, await Store.PruneAsync(nothing, 100, Stop));
                break;
            case "expire":
                Time.Advance(Expiry + TimeSpan.FromSeconds(1));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(operation), operation, "The table has no such operation.");
        }
    }

    private static void AssertChanged(string effect, JobState found, IReadOnlyList<ChangeResult> results) =>
        Assert.Equal(
            [new(effect == "refused" ? ChangeStatus.NotPossible : ChangeStatus.Changed, found)], results);

    private async Task AssertStandsAsync(JobMessage job, Stand stand)
    {
        var record = (await History.FindAsync([job.Id], Stop))[0];
        Assert.Equal(stand.State, record?.State);
        if (record is not null)
        {
            Assert.Equal((stand.Queue, stand.Priority), (record.Queue, record.Message.Priority));
            Assert.Equal(stand.IsToBeCancelled, record.CancelRequested);
            Assert.Equal(record.IsFinal, record.FinishedAt is not null);
            Assert.Equal(stand.Count == "none", record.IsFinal);
            Assert.Equal(
                new BoundedCount(1, true),
                await History.CountAsync(
                    new JobQuery { States = [record.State], Queue = stand.Queue, Name = job.Name }, 10, Stop));
        }

        foreach (var queue in await Broker.QueuesAsync(Stop))
        {
            Assert.Equal(
                queue.Queue == stand.Queue ? stand.Count : "none",
                (queue.Ready, queue.Scheduled, queue.Claimed) switch
                {
                    (0, 0, 0) => "none",
                    (1, 0, 0) => "ready",
                    (0, 1, 0) => "delayed",
                    (0, 0, 1) => "claimed",
                    var numbers => numbers.ToString(),
                });
        }

        await AssertCountersAsync();
    }

    /// <summary>Enqueued is the sum of all that ended and all that has not.</summary>
    private async Task AssertCountersAsync()
    {
        var open = (await History.QueryAsync(new JobQuery { Limit = 100 }, Stop)).Jobs
            .Where(static record => !record.IsFinal)
            .CountBy(static record => (record.Queue, record.Name))
            .ToDictionary();
        foreach (var counter in await History.CountersAsync(Stop))
        {
            open.Remove((counter.Queue, counter.Name), out var unended);
            var ended = counter.Succeeded + counter.Failed + counter.Cancelled + counter.Expired + counter.Dead;
            Assert.Equal(counter.Enqueued, ended + unended);
        }

        Assert.Empty(open);
    }

    /// <summary>The job comes, or not, as it stands; one that comes is run to its end.</summary>
    private async Task AssertComesAsync(JobMessage job, Stand stand)
    {
        var delivery = _held;
        if (stand.Count == "claimed")
        {
            Assert.Equal(
                stand.IsToBeCancelled ? LeaseStatus.CancelRequested : LeaseStatus.Held, await RenewAsync(delivery!));
        }

        if (stand.Count == "ready")
        {
            delivery = await ComeAsync(stand);
        }
        else
        {
            await AssertNothingComesAsync(stand.Queue);
            Time.Advance(Delay * 2);
            delivery = stand.Count == "delayed" ? await ComeAsync(stand) : delivery;
        }

        await AssertNothingComesAsync(TestData.Queue);
        await AssertNothingComesAsync(Elsewhere);
        if (stand.Count != "none")
        {
            Assert.Equal(job.Id, delivery!.Message.Id);
            Assert.Equal(SettleStatus.Applied, await SettleAsync(delivery));
            Assert.Equal(JobState.Succeeded, await StateAsync(job));
        }
    }

    private async Task<Delivery> ComeAsync(Stand stand)
    {
        if (stand.IsOrphan)
        {
            Assert.Empty(await ReceiveAsync(100, "one", stand.Queue));
        }

        var delivery = stand.IsOrphan
            ? await ReceiveOneOrphanAsync("one", stand.Queue)
            : Assert.Single(await ReceiveAsync(100, "one", stand.Queue));
        Assert.Equal((stand.IsOrphan, stand.HasExpired), (delivery.IsOrphan, delivery.IsExpired));
        Assert.Equal((stand.Queue, stand.Priority), (delivery.Message.Queue, delivery.Message.Priority));
        return delivery;
    }

    private async Task AssertNothingComesAsync(string queue)
    {
        Assert.Empty(await ReceiveAsync(100, "one", queue));
        Assert.Null(await ReceiveOrphanAsync("one", queue));
    }

    /// <summary>Where a job is expected to stand; no state for one that is gone.</summary>
    private sealed record Stand(JobState? State, string Count, string Queue, bool IsOrphan)
    {
        public int Priority { get; init; }

        public bool IsToBeCancelled { get; init; }

        public bool HasExpired { get; init; }
    }
}
