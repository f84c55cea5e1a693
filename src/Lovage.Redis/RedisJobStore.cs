using System.Globalization;
using Lovage.Redis.Connections;
using Lovage.Redis.Keys;
using Lovage.Redis.Reading;
using Lovage.Redis.Texts;
using Lovage.Redis.Writing;
using Lovage.Storage;
using StackExchange.Redis;

namespace Lovage.Redis;

/// <summary>Outcomes, and changes that a person asks for, in Redis.</summary>
internal sealed class RedisJobStore : JobStore
{
    private readonly RedisServer _server;
    private readonly RedisBroker _broker;

    /// <param name="server">The server.</param>
    /// <param name="broker">Knows the server's time.</param>
    /// <param name="signals">Sends signals.</param>
    /// <param name="time">Measures durations.</param>
    internal RedisJobStore(RedisServer server, RedisBroker broker, SignalBus signals, TimeProvider time)
        : base(RedisBroker.System, signals, time) => (_server, _broker) = (server, broker);

    protected override async ValueTask<IReadOnlyList<SettleResult>> SettleCoreAsync(
        IReadOnlyList<Settlement> outcomes, CancellationToken cancellationToken)
    {
        var names = outcomes.Any(NeedsItsJob) ? await HeldAsync(outcomes, cancellationToken) : null;
        var arguments = _server.Arguments((7 * outcomes.Count) + 1);
        arguments.Add(outcomes.Count);
        for (var i = 0; i < outcomes.Count; i++)
        {
            SettleText.Add(arguments, outcomes[i], names?[i], null, _server);
        }

        var answers = (await _server.RunAsync(RedisScript.Settle, arguments, cancellationToken)).Values();
        var results = new SettleResult[outcomes.Count];
        for (var i = 0; i < results.Length; i++)
        {
            var answer = answers[i].ToString();
            results[i] = answer[0] == 'w'
                ? await CancelInsteadAsync(outcomes[i], names?[i], answer[1..], cancellationToken)
                : SettleText.Read(answer);
        }

        return results;
    }

    protected override async ValueTask<IReadOnlyList<bool>> RecordStartsCoreAsync(
        IReadOnlyList<JobStart> starts, CancellationToken cancellationToken)
    {
        var arguments = _server.Arguments(2 * starts.Count);
        for (var i = 0; i < starts.Count; i++)
        {
            arguments.Add(starts[i].Token.Stamp);
            arguments.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{(starts[i].Ahead ? "!" : "")}{StorageTime.From(starts[i].StartedAt)}"));
        }

        var held = await _server.RunAsync(RedisScript.Start, arguments, cancellationToken);
        return [.. held.Values().Select(static one => one == 1)];
    }

    protected override async ValueTask ReportProgressCoreAsync(
        IReadOnlyList<ProgressUpdate> updates, CancellationToken cancellationToken)
    {
        var arguments = _server.Arguments(3 * updates.Count);
        for (var i = 0; i < updates.Count; i++)
        {
            var update = updates[i];
            arguments.Add(update.Token.Stamp);
            arguments.Add(update.Fraction is { } fraction
                ? ProgressText.Write(fraction, update.Message)
                : RedisValue.EmptyString);
            arguments.Add(update.Lines.Count > 0 ? AttemptColumns.FromLogs(update.Lines) : RedisValue.EmptyString);
        }

        await _server.RunAsync(RedisScript.Progress, arguments, cancellationToken);
    }

    protected override async ValueTask<IReadOnlyList<CancelResult>> CancelCoreAsync(
        IReadOnlyList<JobId> ids, string? reason, CancellationToken cancellationToken)
    {
        var now = await _broker.NowAsync(cancellationToken);
        var results = await ChangeAsync(
            ids,
            job => job.State.IsFinal ? null
                : job.IsHeld ? Change.RequestCancel(job, reason)
                : Change.End(job, JobState.Cancelled, reason, now),
            static (job, change) => job is null ? new CancelResult(CancelStatus.Unknown, null)
                : change is null ? new CancelResult(CancelStatus.AlreadyEnded, job.State)
                : change.EndedJob is null ? new CancelResult(CancelStatus.Requested, job.State)
                : new CancelResult(CancelStatus.Cancelled, JobState.Cancelled),
            cancellationToken);

        // The same id again in one call finds it as the first one left it.
        return Repeated(ids, results, static first => first.Status == CancelStatus.Cancelled
            ? new CancelResult(CancelStatus.AlreadyEnded, JobState.Cancelled)
            : first);
    }

    protected override async ValueTask<IReadOnlyList<ChangeResult>> RequeueCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken)
    {
        var now = await _broker.NowAsync(cancellationToken);
        return await ChangeAsync(
            ids,
            job => job.State.IsFinal ? Change.Requeue(job, _server, now) : null,
            JobState.Queued,
            cancellationToken);
    }

    protected override async ValueTask<IReadOnlyList<ChangeResult>> DeleteCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) => await ChangeAsync(
        ids, static job => job.State.IsFinal ? Change.Delete(job) : null, again: null, cancellationToken);

    protected override async ValueTask<IReadOnlyList<ChangeResult>> RunNowCoreAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) => await ChangeAsync(
        ids,
        static job => !job.IsHeld && job.State is JobState.Scheduled or JobState.Retrying ? Change.RunNow(job) : null,
        JobState.Queued,
        cancellationToken);

    protected override async ValueTask<IReadOnlyList<ChangeResult>> MoveCoreAsync(
        IReadOnlyList<JobId> ids, JobMove target, CancellationToken cancellationToken)
    {
        var results = await ChangeAsync(
            ids,
            job => job.IsHeld || job.State.IsFinal ? null : Change.Move(job, target, _server),
            ToResult,
            cancellationToken);
        return Repeated(ids, results, static first => first);
    }

    protected override async ValueTask<int> PruneCoreAsync(
        RetentionPolicy policy, int max, CancellationToken cancellationToken)
    {
        var now = await _broker.NowAsync(cancellationToken);
        var arguments = _server.Arguments(6);
        arguments.Add(policy.RowsMax);
        arguments.Add(RedisTime.Floor(policy.Finished));
        arguments.Add(RedisTime.Floor(policy.Dead));
        arguments.Add(max);
        arguments.Add((now - JobHistory.StatisticsKept).Ticks / TimeSpan.TicksPerHour
            - (DateTimeOffset.UnixEpoch.Ticks / TimeSpan.TicksPerHour));
        arguments.Add(RedisTime.From(now - JobHistory.FailuresKept));
        return (int)(await _server.RunAsync(RedisScript.Prune, arguments, cancellationToken)).Value();
    }

    /// <summary>A retry of a job that is to be cancelled: it is cancelled, its attempt kept.</summary>
    private async ValueTask<SettleResult> CancelInsteadAsync(
        Settlement outcome, StoredJob? job, string wish, CancellationToken cancellationToken)
    {
        var arguments = _server.Arguments(8);
        arguments.Add(1);
        SettleText.Add(arguments, outcome, job, wish, _server);
        var answers = (await _server.RunAsync(RedisScript.Settle, arguments, cancellationToken)).Values();
        return SettleText.Read(answers[0].ToString());
    }

    /// <summary>The jobs of outcomes that need their names or their messages.</summary>
    private async Task<StoredJob?[]> HeldAsync(IReadOnlyList<Settlement> outcomes, CancellationToken cancellationToken)
    {
        var needed = Enumerable.Range(0, outcomes.Count)
            .Where(i => NeedsItsJob(outcomes[i]))
            .ToArray();
        var found = await StoredJob.FindAsync(
            _server, [.. needed.Select(i => outcomes[i].Id)], cancellationToken);
        var jobs = new StoredJob?[outcomes.Count];
        for (var i = 0; i < needed.Length; i++)
        {
            jobs[needed[i]] = found[i];
        }

        return jobs;
    }

    /// <summary>A cause has the job's name in it, and a retry the job's message.</summary>
    private static bool NeedsItsJob(Settlement outcome) =>
        outcome.Attempt.Error is not null || outcome.Decision == JobDecision.Retry;

    /// <param name="ids">Which jobs.</param>
    /// <param name="decide">What is to be done with one as it is.</param>
    /// <param name="again">How the call leaves a job that it changes; null when it deletes it.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    private async Task<ChangeResult[]> ChangeAsync(
        IReadOnlyList<JobId> ids,
        Func<StoredJob, Change?> decide,
        JobState? again,
        CancellationToken cancellationToken)
    {
        var results = await ChangeAsync(ids, decide, ToResult, cancellationToken);
        return Repeated(ids, results, first => first.Status != ChangeStatus.Changed ? first
            : again is null ? new ChangeResult(ChangeStatus.Unknown, null)
            : new ChangeResult(ChangeStatus.NotPossible, again));
    }

    private async Task<T[]> ChangeAsync<T>(
        IReadOnlyList<JobId> ids,
        Func<StoredJob, Change?> decide,
        Func<StoredJob?, Change?, T> result,
        CancellationToken cancellationToken)
    {
        var found = new Dictionary<JobId, T>();
        await Changes.RunAsync(
            _server,
            [.. ids.Distinct()],
            decide,
            (id, job, change) => found[id] = result(job, change),
            cancellationToken);
        return [.. ids.Select(id => found[id])];
    }

    private static T[] Repeated<T>(IReadOnlyList<JobId> ids, T[] results, Func<T, T> again)
    {
        var seen = new HashSet<JobId>();
        for (var i = 0; i < results.Length; i++)
        {
            if (!seen.Add(ids[i]))
            {
                results[i] = again(results[i]);
            }
        }

        return results;
    }

    private static ChangeResult ToResult(StoredJob? job, Change? change) => job is null
        ? new ChangeResult(ChangeStatus.Unknown, null)
        : new ChangeResult(change is null ? ChangeStatus.NotPossible : ChangeStatus.Changed, job.State);
}
