using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>
/// Offers: jobs whose names this worker does not know, or whose arguments reach a parameter that only a newer
/// definition has. The worker declines them, so that another one can take them. Such a job loses neither an attempt nor
/// a retry by it.
/// </summary>
/// <remarks>
/// The delay before the next offer is short while another live worker can run the job, else it doubles up to
/// <see cref="WorkerSettings.OfferDelayMax"/>. Safe for use by several threads.
/// </remarks>
internal sealed class UnknownJobs(WorkerContext worker, LeaseKeeper leases, WorkerPresence presence)
{
    private const int LoggedNamesMax = 1_000;
    private const int WorkerLengthMax = 100;

    private static readonly TimeSpan KnownDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan KnownDelayMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan UnknownDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan HoldBackTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HoldBackMax = TimeSpan.FromMilliseconds(20);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _logged = new(StringComparer.Ordinal);
    private long? _leftTimestamp;

    /// <summary>
    /// Looks up the definition of a job; it stays null when this worker does not know the name, or only an older
    /// definition.
    /// </summary>
    internal void Find(HeldLease held)
    {
        var message = held.Delivery.Message;
        held.Definition = worker.Services.Jobs.TryFind(message.Name, out var found) && found.Takes(message.Parameters)
            ? found
            : null;
    }

    /// <summary>Looks up the definition of each job, and takes out those that have none.</summary>
    /// <param name="claimed">What was claimed; keeps the jobs that this worker can run.</param>
    /// <returns>The claims to decline; null when there are none.</returns>
    internal List<HeldLease>? TakeFrom(List<HeldLease> claimed)
    {
        List<HeldLease>? unknown = null;
        foreach (var held in claimed)
        {
            Find(held);
            if (held.Definition is null && !held.Delivery.IsExpired)
            {
                (unknown ??= []).Add(held);
            }
        }

        if (unknown is not null)
        {
            claimed.RemoveAll(static held => held.Definition is null && !held.Delivery.IsExpired);
        }

        return unknown;
    }

    /// <summary>
    /// How much later than due to look for delayed jobs. A worker that has just left jobs to another one lets that one
    /// look first: else both would wake at the same moment, and the wrong one could win each time.
    /// </summary>
    internal TimeSpan HoldBack()
    {
        lock (_lock)
        {
            return _leftTimestamp is { } left && worker.Time.GetElapsedTime(left) < HoldBackTime
                ? HoldBackMax * worker.Services.Random.NextDouble()
                : TimeSpan.Zero;
        }
    }

    /// <summary>
    /// True when another live worker announces that its handler has that many parameters, or when the storage cannot
    /// say: the job fails otherwise.
    /// </summary>
    /// <param name="held">The claim, which is no newer than the list that counts.</param>
    /// <param name="needed">How many the job's arguments need.</param>
    internal async ValueTask<bool> MayBeNewerElsewhereAsync(HeldLease held, int needed)
    {
        var message = held.Delivery.Message;
        return await presence.ListSinceAsync(held.ReceivedTimestamp, worker.Stopped) is not { } live
            || live.Any(other =>
                other.Owner != worker.Owner.Key
                && other.Parameters.ContainsKey(message.Name)
                && other.CanRun(message.Queue, message.Name, needed));
    }

    /// <summary>
    /// Declines offers. Those that the storage does not take back now come back when their leases end.
    /// </summary>
    internal async Task DeclineAsync(List<HeldLease> unknown)
    {
        try
        {
            var offers = Offers(unknown, await presence.ListAsync(worker.Stopped));
            var result = await worker.Storage.Broker.DeclineAsync(offers, worker.Settings.OfferLimit, worker.Stopped);
            foreach (var ended in result.Ended)
            {
                worker.Report.EndedUnstarted(ended);
            }
        }
        catch (StorageException fault)
        {
            worker.Report.LoopFault("decline", fault);
        }
        finally
        {
            foreach (var held in unknown)
            {
                leases.Remove(held.Delivery.Token);
            }
        }
    }

    /// <summary>The wait before the next offer, with jitter: a half to the whole of it.</summary>
    /// <param name="offers">How often the job was declined before.</param>
    /// <param name="isKnown">True when another live worker can run it.</param>
    internal TimeSpan Delay(int offers, bool isKnown)
    {
        var (first, factor, limit) = isKnown ? (KnownDelay, 1.5, KnownDelayMax) : (UnknownDelay, 2.0, OfferDelayMax);
        var grown = Math.Min(first.TotalSeconds * Math.Pow(factor, Math.Min(offers, 64)), limit.TotalSeconds);
        return TimeSpan.FromSeconds(
            Math.Min(grown, OfferDelayMax.TotalSeconds) * (0.5 + (worker.Services.Random.NextDouble() / 2)));
    }

    private TimeSpan OfferDelayMax => worker.Settings.OfferDelayMax;

    private List<DeclinedOffer> Offers(List<HeldLease> unknown, IReadOnlyList<WorkerRecord> live)
    {
        var offers = new List<DeclinedOffer>(unknown.Count);
        foreach (var held in unknown)
        {
            var (delivery, message) = (held.Delivery, held.Delivery.Message);
            var isKnown = live.Any(other =>
                other.Owner != worker.Owner.Key && other.CanRun(message.Queue, message.Name, held.Needed));
            offers.Add(new DeclinedOffer(delivery.Token, message.Id, Delay(delivery.Offers, isKnown), Asked()));
            if (isKnown)
            {
                lock (_lock)
                {
                    _leftTimestamp = worker.Time.GetTimestamp();
                }
            }

            if (MayLog(message.Name))
            {
                worker.Report.Declined(held, worker.Services.Jobs, isKnown, worker.Settings.OfferLimit);
            }
        }

        return offers;
    }

    private string Asked()
    {
        var name = $"{Environment.MachineName}:{worker.Owner.ProcessId}";
        return name.Length <= WorkerLengthMax ? name : name[^WorkerLengthMax..];
    }

    /// <summary>True at most once a minute for each name. Names come from elsewhere, so that few are kept.</summary>
    private bool MayLog(string name)
    {
        var now = worker.Time.GetTimestamp();
        lock (_lock)
        {
            if (_logged.TryGetValue(name, out var last) && worker.Time.GetElapsedTime(last, now) < LogInterval)
            {
                return false;
            }

            if (_logged.Count >= LoggedNamesMax)
            {
                foreach (var (old, at) in _logged.ToList())
                {
                    if (worker.Time.GetElapsedTime(at, now) >= LogInterval)
                    {
                        _logged.Remove(old);
                    }
                }
            }

            return _logged.Count < LoggedNamesMax && (_logged[name] = now) == now;
        }
    }
}
