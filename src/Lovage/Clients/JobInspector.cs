using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage;

/// <summary>
/// Everything that a person who looks after jobs reads and does, in one place: dashboard, command line and tests use
/// this and nothing else.
/// </summary>
/// <remarks>
/// Safe for use by several threads. Every method throws <see cref="StorageException"/> when the storage cannot be asked
/// now.
/// </remarks>
public sealed partial class JobInspector
{
    private readonly StorageGate _gate;
    private readonly JobMessages _messages;
    private readonly JobSender _sender;
    private readonly ClientSettings _settings;
    private readonly TimeProvider _time;

    internal JobInspector(
        StorageGate gate, JobMessages messages, JobSender sender, ClientSettings settings, TimeProvider time)
    {
        _gate = gate;
        _messages = messages;
        _sender = sender;
        _settings = settings;
        _time = time;
    }

    private JobStore Store => _gate.Storage.Store;

    private JobHistory History => _gate.Storage.RequireHistory();

    private JobBroker Broker => _gate.Storage.Broker;

    /// <summary>Says what the storage is and can. It asks the storage nothing, and works before it is open.</summary>
    public StorageInfo DescribeStorage() => _gate.Describe();

    /// <summary>Reads a page of jobs, newest first.</summary>
    /// <param name="query">Which; null (the default) for all.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<JobPage> ListAsync(JobQuery? query = null, CancellationToken cancellationToken = default) =>
        History.QueryAsync(query ?? new JobQuery(), cancellationToken);

    /// <summary>Counts jobs up to a bound.</summary>
    /// <param name="query">Which.</param>
    /// <param name="max">The bound, 1 to 1,000,000; 10,000 by default.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<BoundedCount> CountAsync(
        JobQuery query, int max = 10_000, CancellationToken cancellationToken = default) =>
        History.CountAsync(query, max, cancellationToken);

    /// <summary>Reads one job.</summary>
    /// <param name="id">The job.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null when it is not known.</returns>
    public async ValueTask<JobRecord?> FindAsync(JobId id, CancellationToken cancellationToken = default) =>
        (await History.FindAsync([JobNames.CheckId(id, nameof(id))], cancellationToken))[0];

    /// <summary>Reads several jobs.</summary>
    /// <param name="ids">1 to 1,000.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>A record for each, in order; null for an unknown one.</returns>
    internal ValueTask<IReadOnlyList<JobRecord?>> FindAllAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken) =>
        History.FindAsync(ids, cancellationToken);

    /// <summary>Reads for each of several schedules the newest job that it has enqueued.</summary>
    /// <param name="schedules">The ids of 1 to 1,000 schedules.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>A job for each, in order; null for a schedule without one.</returns>
    public ValueTask<IReadOnlyList<ScheduledJob?>> NewestOfSchedulesAsync(
        IReadOnlyList<string> schedules, CancellationToken cancellationToken = default) =>
        History.NewestOfSchedulesAsync(schedules, cancellationToken);

    /// <summary>Reads the attempts of a job with their logs, oldest first, at most the newest 1,000.</summary>
    /// <param name="id">The job.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<IReadOnlyList<AttemptRecord>> AttemptsAsync(
        JobId id, CancellationToken cancellationToken = default) =>
        History.AttemptsAsync(JobNames.CheckId(id, nameof(id)), cancellationToken);

    /// <summary>Reads all queues, from counters.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<IReadOnlyList<QueueStatus>> QueuesAsync(CancellationToken cancellationToken = default) =>
        Broker.QueuesAsync(cancellationToken);

    /// <summary>Reads what has happened so far, one row a queue and job name.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<IReadOnlyList<JobCounter>> CountersAsync(CancellationToken cancellationToken = default) =>
        History.CountersAsync(cancellationToken);

    /// <summary>The filters of <see cref="JobQuery"/> that the storage answers without reading all jobs.</summary>
    public JobQualifiers Qualifiers => History.Qualifiers;

    /// <summary>Reads what happened by hour, queue and name, the oldest hour first.</summary>
    /// <param name="query">Which hours.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<IReadOnlyList<JobStatistics>> StatisticsAsync(
        StatisticsQuery query, CancellationToken cancellationToken = default) =>
        History.StatisticsAsync(query, cancellationToken);

    /// <summary>Reads failures by their cause, the group with the newest failure first.</summary>
    /// <param name="query">Which; null (the default) for all, at most 100.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<IReadOnlyList<FailureGroup>> FailuresAsync(
        FailureQuery? query = null, CancellationToken cancellationToken = default) =>
        History.FailuresAsync(query ?? new FailureQuery(), cancellationToken);

    /// <summary>Reads the jobs whose attempts have been running for the longest time, longest first.</summary>
    /// <param name="max">Jobs at the most, 1 to 1,000; 20 by default.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<IReadOnlyList<JobRecord>> LongestRunningAsync(
        int max = 20, CancellationToken cancellationToken = default) =>
        History.LongestRunningAsync(max, cancellationToken);

    /// <summary>
    /// Reads the newest lines that a job's running attempt has logged, oldest first; none when no attempt runs.
    /// </summary>
    /// <param name="id">The job.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<IReadOnlyList<LogLine>> LiveLinesAsync(
        JobId id, CancellationToken cancellationToken = default) =>
        History.LiveLinesAsync(JobNames.CheckId(id, nameof(id)), cancellationToken);

    /// <summary>Reads the next messages of a queue without taking them.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="max">Messages at the most, 1 to 1,000; 20 by default.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<IReadOnlyList<JobMessage>> PeekAsync(
        string queue, int max = 20, CancellationToken cancellationToken = default) =>
        Broker.PeekAsync(queue, max, cancellationToken);

    /// <summary>Stops giving out a queue's jobs; what runs goes on, and so does enqueuing.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="reason">Why, for the next person who looks.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask PauseAsync(string queue, string reason, CancellationToken cancellationToken = default) =>
        Broker.PauseAsync(queue, reason, cancellationToken);

    /// <summary>Gives out a paused queue's jobs again.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask ResumeAsync(string queue, CancellationToken cancellationToken = default) =>
        Broker.ResumeAsync(queue, cancellationToken);

    /// <summary>
    /// Reads the live workers of all processes, in the order in which they started; none where the storage keeps no
    /// list.
    /// </summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<IReadOnlyList<WorkerRecord>> WorkersAsync(CancellationToken cancellationToken = default) =>
        _gate.Storage.Workers is { } workers ? workers.ListAsync(cancellationToken) : new([]);

    /// <summary>
    /// Reads the jobs that live workers know, by name: what a form for their arguments needs, and what of them is not
    /// shown. A job that only workers of an older version know has a name alone. A former name is no entry of its own.
    /// </summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async ValueTask<IReadOnlyList<KnownJob>> CatalogAsync(CancellationToken cancellationToken = default) =>
        JobCatalogs.Of(await WorkersAsync(cancellationToken));

    /// <summary>
    /// Cancels every job of a queue that no worker holds when the call begins, with the reason "purged". Records and
    /// history stay.
    /// </summary>
    /// <param name="queue">The queue.</param>
    /// <param name="cancellationToken">Gives up between batches of 1,000; the jobs of the batches before stay
    /// cancelled.</param>
    /// <returns>How many jobs were cancelled.</returns>
    public async ValueTask<long> PurgeAsync(string queue, CancellationToken cancellationToken = default)
    {
        // Jobs that callers enqueue meanwhile are not meant: without a bound a busy queue would keep the call for ever.
        var status = (await Broker.QueuesAsync(cancellationToken)).FirstOrDefault(status => status.Queue == queue);
        var left = status is null ? 0 : status.Ready + status.Scheduled;
        var purged = 0L;
        while (left > 0)
        {
            var ended = await Broker.PurgeAsync(queue, (int)Math.Min(left, JobBroker.BatchMax), cancellationToken);
            if (ended.Count == 0)
            {
                break;
            }

            purged += ended.Count;
            left -= ended.Count;
        }

        return purged;
    }

    /// <summary>Cancels one job.</summary>
    /// <param name="id">The job.</param>
    /// <param name="reason">Why, for the history; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async ValueTask<CancelResult> CancelAsync(
        JobId id, string? reason = null, CancellationToken cancellationToken = default) =>
        (await Store.CancelAsync([JobNames.CheckId(id, nameof(id))], reason, cancellationToken))[0];

    /// <summary>Cancels several jobs.</summary>
    /// <param name="ids">1 to 1,000.</param>
    /// <param name="reason">Why, for the history; null for none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>A result for each, in order.</returns>
    public ValueTask<IReadOnlyList<CancelResult>> CancelAsync(
        IReadOnlyList<JobId> ids, string? reason = null, CancellationToken cancellationToken = default) =>
        Store.CancelAsync(CheckIds(ids), reason, cancellationToken);

    /// <summary>Puts one ended job back into its queue as if it were new, its history kept.</summary>
    /// <param name="id">The job.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns><see cref="ChangeStatus.NotPossible"/> when it has not ended.</returns>
    public async ValueTask<ChangeResult> RequeueAsync(JobId id, CancellationToken cancellationToken = default) =>
        (await Store.RequeueAsync([JobNames.CheckId(id, nameof(id))], cancellationToken))[0];

    /// <summary>Puts several ended jobs back into their queues as if they were new, their history kept.</summary>
    /// <param name="ids">1 to 1,000.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>A result for each, in order.</returns>
    public ValueTask<IReadOnlyList<ChangeResult>> RequeueAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken = default) =>
        Store.RequeueAsync(CheckIds(ids), cancellationToken);

    /// <summary>Deletes ended jobs with their attempts; cancel a job first that has not ended.</summary>
    /// <param name="ids">1 to 1,000.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>A result for each, in order.</returns>
    public ValueTask<IReadOnlyList<ChangeResult>> DeleteAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken = default) =>
        Store.DeleteAsync(CheckIds(ids), cancellationToken);

    /// <summary>Makes delayed jobs ready now, retries included.</summary>
    /// <param name="ids">1 to 1,000.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>A result for each, in order.</returns>
    public ValueTask<IReadOnlyList<ChangeResult>> RunNowAsync(
        IReadOnlyList<JobId> ids, CancellationToken cancellationToken = default) =>
        Store.RunNowAsync(CheckIds(ids), cancellationToken);

    /// <summary>Moves jobs that no worker holds to another queue, another priority, or both.</summary>
    /// <param name="ids">1 to 1,000.</param>
    /// <param name="target">Where to.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>A result for each, in order.</returns>
    public ValueTask<IReadOnlyList<ChangeResult>> MoveAsync(
        IReadOnlyList<JobId> ids, JobMove target, CancellationToken cancellationToken = default) =>
        Store.MoveAsync(CheckIds(ids), target, cancellationToken);

    /// <summary>Calls back when jobs, queues, schedules or operations may have changed.</summary>
    /// <param name="changed">It must be quick and must not throw.</param>
    /// <returns>Dispose it to end that.</returns>
    /// <exception cref="StorageException">The storage is not open.</exception>
    internal IDisposable Follow(Action changed) => _gate.Storage.Signals.Subscribe(
        _ => changed(),
        SignalKind.JobsReady,
        SignalKind.OrphansReady,
        SignalKind.CancelRequested,
        SignalKind.JobEnded,
        SignalKind.SchedulesChanged,
        SignalKind.OperationsChanged);

    private static IReadOnlyList<JobId> CheckIds(IReadOnlyList<JobId> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        foreach (var id in ids)
        {
            JobNames.CheckId(id, nameof(ids));
        }

        return ids;
    }
}
