using System.Collections.Concurrent;
using System.Globalization;
using Lovage.Protocol;
using Lovage.Redis.Connections;
using Lovage.Redis.Keys;
using Lovage.Redis.Reading;
using Lovage.Redis.Signals;
using Lovage.Redis.Writing;
using Lovage.Storage;
using Lovage.Storage.Plans;
using StackExchange.Redis;

namespace Lovage.Redis;

/// <summary>Queues and leases in Redis.</summary>
internal sealed class RedisBroker : JobBroker
{
    internal const string System = "redis";

    private readonly RedisServer _server;
    private readonly WakeConnection _wake;
    private readonly ConcurrentDictionary<string, LostLooks> _lost = new(StringComparer.Ordinal);

    /// <param name="server">The server.</param>
    /// <param name="wake">Tells of what other programs push.</param>
    /// <param name="signals">Sends and hears signals.</param>
    /// <param name="time">Measures waits.</param>
    internal RedisBroker(RedisServer server, WakeConnection wake, SignalBus signals, TimeProvider time)
        : base(System, signals, time) => (_server, _wake) = (server, wake);

    protected override async ValueTask<IReadOnlyList<PublishResult>> PublishCoreAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken)
    {
        var arguments = _server.Arguments((2 * messages.Count) + 1);
        arguments.Add(messages.Count);
        for (var i = 0; i < messages.Count; i++)
        {
            Messages.Add(arguments, messages[i], _server);
        }

        var answer = await _server.RunAsync(RedisScript.Publish, arguments, cancellationToken);
        return Messages.Read(answer.Text(), messages);
    }

    protected override JobReceiver OpenReceiverCore(ReceiverOptions options) =>
        new RedisReceiver(
            this, options, _server, _lost.GetOrAdd(options.Owner.Key, static _ => new LostLooks()), _wake);

    protected override async ValueTask<IReadOnlyList<LeaseStatus>> RenewCoreAsync(
        IReadOnlyList<LeaseToken> tokens, TimeSpan lease, CancellationToken cancellationToken)
    {
        var arguments = _server.Arguments(tokens.Count + 1);
        arguments.Add(RedisTime.From(lease));
        for (var i = 0; i < tokens.Count; i++)
        {
            arguments.Add(tokens[i].Stamp);
        }

        var answers = await _server.RunAheadAsync(RedisScript.Renew, arguments, cancellationToken);
        return [.. answers.Values().Select(static status => (LeaseStatus)(int)status)];
    }

    protected override async ValueTask<ReleaseResult> ReleaseCoreAsync(
        IReadOnlyList<LeaseToken> tokens, CancellationToken cancellationToken)
    {
        var now = await NowAsync(cancellationToken);
        var stamps = tokens.Select(Stamp).ToHashSet(StringComparer.Ordinal);
        var (count, ended) = (0, new List<EndedJob>());
        var ids = await IdsAsync(stamps, cancellationToken);
        await Changes.RunAsync(
            _server,
            ids,
            job =>
            {
                var plan = ReturnPlan.Released(job.IsToBeCancelled, job.CancelReason);
                return stamps.Contains(job.Stamp)
                    ? Change.Return(job, AttemptEnd.Interrupted, plan.State, plan.Reason, now, job.Front)
                    : null;
            },
            (_, _, change) => Add(change, ref count, ended),
            cancellationToken);
        return new ReleaseResult(count, ended);
    }

    protected override async ValueTask<ReleaseResult> DeclineCoreAsync(
        IReadOnlyList<DeclinedOffer> offers, TimeSpan limit, CancellationToken cancellationToken)
    {
        var now = await NowAsync(cancellationToken);
        var byStamp = new Dictionary<string, DeclinedOffer>(StringComparer.Ordinal);
        foreach (var offer in offers)
        {
            byStamp[Stamp(offer.Token)] = offer;
        }

        var (count, ended) = (0, new List<EndedJob>());
        await Changes.RunAsync(
            _server,
            [.. byStamp.Values.Select(static offer => offer.Id).Distinct()],
            job => byStamp.TryGetValue(job.Stamp, out var offer) ? Decline(job, offer, limit, now) : null,
            (_, _, change) => Add(change, ref count, ended),
            cancellationToken);
        return new ReleaseResult(count, ended);
    }

    protected override async ValueTask<ReclaimResult> ReclaimCoreAsync(
        IReadOnlyList<string> deadOwners, int max, CancellationToken cancellationToken)
    {
        var arguments = _server.Arguments(deadOwners.Count + 1);
        arguments.Add(max);
        foreach (var owner in deadOwners)
        {
            arguments.Add(owner);
        }

        var now = await NowAsync(cancellationToken);
        var lost = (await _server.RunAsync(RedisScript.Lost, arguments, cancellationToken)).Values();
        var claims = lost.ToDictionary(
            static claim => claim.ToString()[(claim.ToString().IndexOf('|', StringComparison.Ordinal) + 1)..],
            static claim => claim.ToString()[..claim.ToString().IndexOf('|', StringComparison.Ordinal)],
            StringComparer.Ordinal);
        var (count, ended) = (0, new List<EndedJob>());
        await Changes.RunAsync(
            _server,
            [.. claims.Keys.Select(JobId.Parse)],
            job => claims[job.Id.Value] == job.Stamp ? Reclaim(job, now) : null,
            (_, _, change) => Add(change, ref count, ended),
            cancellationToken);
        return new ReclaimResult(count - ended.Count, ended);
    }

    protected override async ValueTask<IReadOnlyList<string>> OwnersCoreAsync(CancellationToken cancellationToken)
    {
        var owners = await _server.CallAsync(
            database => database.HashGetAllAsync(_server.Names.Key("owners")), cancellationToken);
        return [.. owners.Where(static owner => (long)owner.Value > 0).Select(static owner => owner.Name.ToString())];
    }

    protected override async ValueTask PauseCoreAsync(
        string queue, string reason, CancellationToken cancellationToken) => await _server.CallAsync(
        database => database.HashSetAsync(_server.Names.Key("paused"), queue, reason), cancellationToken);

    protected override async ValueTask ResumeCoreAsync(string queue, CancellationToken cancellationToken) =>
        await _server.CallAsync(
            database => database.HashDeleteAsync(_server.Names.Key("paused"), queue), cancellationToken);

    protected override async ValueTask<IReadOnlyList<EndedJob>> PurgeCoreAsync(
        string queue, int max, CancellationToken cancellationToken)
    {
        var now = await NowAsync(cancellationToken);
        var waiting = await WaitingAsync(queue, max, withDelayed: true, cancellationToken);
        var (count, ended) = (0, new List<EndedJob>());
        await Changes.RunAsync(
            _server,
            [.. waiting.Select(static element => JobId.Parse(element.Front.Id)).Distinct()],
            job => job.IsHeld || job.State.IsFinal
                ? null
                : Change.End(job, JobState.Cancelled, JobLifecycle.PurgedReason, now),
            (_, _, change) => Add(change, ref count, ended),
            cancellationToken);
        return ended;
    }

    protected override async ValueTask<IReadOnlyList<QueueStatus>> QueuesCoreAsync(CancellationToken cancellationToken)
    {
        var arguments = _server.Arguments(1);
        arguments.Add(_server.Names.Steps);
        var queues = await _server.RunAsync(RedisScript.Queues, arguments, cancellationToken);
        return [.. queues.Items().Select(static queue => Status(queue.Values()))];
    }

    protected override async ValueTask<IReadOnlyList<JobMessage>> PeekCoreAsync(
        string queue, int max, CancellationToken cancellationToken) =>
        [.. (await WaitingAsync(queue, max, withDelayed: false, cancellationToken))
            .Select(static element => element.Message)];

    /// <summary>The present by the storage's clock.</summary>
    internal async ValueTask<DateTimeOffset> NowAsync(CancellationToken cancellationToken)
    {
        var now = _server.Clock.Now;
        if (now.Length() > 0)
        {
            return _server.Clock.Read(now);
        }

        var time = await _server.CallAsync(
            static database => database.ExecuteAsync("TIME"), cancellationToken);
        var parts = time.Values();
        return RedisTime.To(((long)parts[0] * 1_000_000) + (long)parts[1]);
    }

    private static Change Decline(StoredJob job, DeclinedOffer offer, TimeSpan limit, DateTimeOffset now)
    {
        var front = (job.HasStarted ? job.Front.WithoutOffers() : job.Front).Without(Front.Orphan);
        if (job.IsToBeCancelled)
        {
            return Change.Return(
                job, AttemptEnd.Interrupted, JobState.Cancelled, job.CancelReason, now, front);
        }

        var plan = OfferPlan.Declined(
            front.FirstOfferAt is { } first ? StorageTime.From(RedisTime.To(first)) : null,
            front.Offers == 0 ? null : job.Asked,
            offer.Worker,
            limit,
            StorageTime.From(now));
        return Change.Decline(
            job,
            plan.State,
            plan.Reason,
            now,
            front with
            {
                Offers = front.Offers + 1,
                FirstOfferAt = RedisTime.From(StorageTime.To(plan.FirstOfferAt!.Value)),
                Attempts = job.Attempts,
            },
            plan.Asked!,
            offer.Delay);
    }

    private static Change Reclaim(StoredJob job, DateTimeOffset now)
    {
        var deaths = job.Front.Deaths + (job.HasStartedAhead ? 1 : 0);
        var plan = ReturnPlan.Reclaimed(deaths, job.IsToBeCancelled, job.CancelReason);
        var front = job.Front with { Deaths = deaths };
        return Change.Return(
            job,
            AttemptEnd.OwnerDied,
            plan.State,
            plan.Reason,
            now,
            plan.State.IsFinal ? front : front.With(Front.Orphan));
    }

    private static void Add(Change? change, ref int count, List<EndedJob> ended)
    {
        if (change is null)
        {
            return;
        }

        count++;
        if (change.EndedJob is { } job)
        {
            ended.Add(job);
        }
    }

    private async Task<Element[]> WaitingAsync(
        string queue, int max, bool withDelayed, CancellationToken cancellationToken)
    {
        var arguments = _server.Arguments(4);
        arguments.Add(queue);
        arguments.Add(max);
        arguments.Add(_server.Names.Steps);
        arguments.Add(withDelayed ? "1" : "0");
        var found = await _server.RunAsync(RedisScript.Peek, arguments, cancellationToken);
        return [.. found.Values().Select(static raw => Element.Read(raw))];
    }

    /// <summary>The jobs of claims, in the order in which the claims were made.</summary>
    private async Task<IReadOnlyList<JobId>> IdsAsync(
        HashSet<string> stamps, CancellationToken cancellationToken)
    {
        RedisValue[] fields = [.. stamps.Select(static stamp => (RedisValue)stamp)];
        var claims = await _server.CallAsync(
            database => database.HashGetAsync(_server.Names.Key("claims"), fields), cancellationToken);

        // The last in the queue first: each returns to the front.
        return
        [
            .. claims.Where(static claim => !claim.IsNull)
                .Select(static claim => ClaimText.FrontOf(claim))
                .OrderByDescending(static front => long.Parse(front.Sequence, CultureInfo.InvariantCulture))
                .Select(static front => JobId.Parse(front.Id)),
        ];
    }

    private static string Stamp(LeaseToken token) => token.Stamp.ToString(CultureInfo.InvariantCulture);

    private static QueueStatus Status(RedisValue[] queue) => new(
        queue[0].ToString(),
        (long)queue[1],
        (long)queue[2],
        (long)queue[3],
        queue[4].Length() == 0 ? null : TimeSpan.FromMicroseconds((long)queue[4]),
        queue[6] == "1",
        queue[6] == "1" ? queue[5].ToString() : null);
}
