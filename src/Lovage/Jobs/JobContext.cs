using System.Data.Common;

namespace Lovage;

/// <summary>Why a handler's token was cancelled.</summary>
public enum JobCancellationReason
{
    /// <summary>It was not.</summary>
    None = 0,

    /// <summary>A person or a program cancelled the job.</summary>
    Revoked = 1,

    /// <summary>The attempt ran into its time limit.</summary>
    TimeLimit = 2,

    /// <summary>
    /// The worker is shutting down; another worker will run the job again, and no failure is counted.
    /// </summary>
    Shutdown = 3,

    /// <summary>
    /// The lease was lost: another worker may be running this job, and this attempt's outcome will be refused.
    /// </summary>
    LeaseLost = 4,

    /// <summary>The code that runs the job in this process cancelled it.</summary>
    Caller = 5,
}

/// <summary>What a handler may know and say about the attempt that is running: take it as a parameter.</summary>
/// <remarks>Valid while the handler runs. Safe for use by several threads.</remarks>
/// <example>
/// <code>
/// public sealed class ImportJobs(ILogger&lt;ImportJobs&gt; log)
/// {
///     [Job("files.import")]
///     public async Task&lt;int&gt; ImportAsync(string[] lines, JobContext context, CancellationToken ct)
///     {
///         log.LogInformation("Job {Id}, attempt {Attempt}", context.Id, context.Attempt);
///         for (var i = 0; i &lt; lines.Length; i++)
///         {
///             await Task.Delay(10, ct);        // cancelled at a stop, a cancel or a time limit
///             context.Progress.Report((i + 1) / (double)lines.Length, $"line {i + 1}");
///         }
///
///         return lines.Length;
///     }
/// }
/// </code>
/// </example>
public abstract class JobContext
{
    private static readonly AsyncLocal<JobContext?> Flow = new();

    /// <summary>
    /// The attempt that the current code runs in; null outside of one. What an attempt enqueues names it as its parent.
    /// </summary>
    internal static JobContext? Current
    {
        get => Flow.Value;
        set => Flow.Value = value;
    }

    /// <summary>The job's id, the same in all its attempts.</summary>
    public abstract JobId Id { get; }

    /// <summary>
    /// The id of the job that began this tree of jobs; the job's own id when no other job enqueued it (Celery's
    /// <c>root_id</c>).
    /// </summary>
    public virtual string RootId => Id.Value;

    /// <summary>
    /// The id of the job whose attempt enqueued this one; null when none did (Celery's <c>parent_id</c>).
    /// </summary>
    public virtual string? ParentId => null;

    /// <summary>The job's name on the wire.</summary>
    public abstract string Name { get; }

    /// <summary>The queue it came from.</summary>
    public abstract string Queue { get; }

    /// <summary>Which attempt this is: the failures so far plus one.</summary>
    /// <remarks>
    /// A start that a crash, a stop or a lost lease interrupted is no failure. So it may be below
    /// <see cref="JobRecord.Attempts"/>, which counts all recorded starts.
    /// </remarks>
    public abstract int Attempt { get; }

    /// <summary>Attempts at the most; never below <see cref="Attempt"/>. The last attempt has this number.</summary>
    public abstract int MaxAttempts { get; }

    /// <summary>The text that travels with the job.</summary>
    public abstract IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>The job's tags (<see cref="Job.Tags"/>); empty without any.</summary>
    public virtual IReadOnlyList<string> Tags => [];

    /// <summary>The schedule that enqueued it; null when none did.</summary>
    public string? ScheduleId => Headers.GetValueOrDefault(ScheduleHeaders.Schedule);

    /// <summary>
    /// The tick of its schedule that it stands for, however late it runs, in UTC; null when no tick enqueued it, as for
    /// a run by hand.
    /// </summary>
    public DateTimeOffset? Tick => ScheduleHeaders.Read(Headers);

    /// <summary>
    /// A number that grows with every claim of this storage. A resource can use it to refuse an older holder. It is 0
    /// where there is no lease (inline and in-process runs).
    /// </summary>
    public abstract long FenceToken { get; }

    /// <summary>Says how far the work is.</summary>
    public abstract JobProgress Progress { get; }

    /// <summary>Cancelled when the attempt should stop; <see cref="CancellationReason"/> says why.</summary>
    public abstract CancellationToken CancellationToken { get; }

    /// <summary>Why the token was cancelled; <see cref="JobCancellationReason.None"/> while it is not.</summary>
    public abstract JobCancellationReason CancellationReason { get; }

    /// <summary>
    /// Records this attempt as succeeded inside a transaction of the handler's own. An effect in the storage's database
    /// and its completion are then one commit: after the commit the job never runs again, and without it the effect is
    /// gone too. The storage checks the lease inside the transaction. Commit right afterwards and return.
    /// </summary>
    /// <remarks>
    /// The result is empty, and lines that the handler logs later are not kept. While the transaction is open, renewing
    /// and cancelling the job wait for it. If the handler returns after a rollback, the attempt has failed and is
    /// retried. If the handler throws after the commit, the job has succeeded, and the worker logs a warning. After a
    /// rollback the handler may call it again in another transaction. Where no storage holds the job (spawned, after a
    /// response, called inline) it does nothing.
    /// </remarks>
    /// <param name="transaction">A transaction that is open, of the storage's own database; see
    /// <see cref="JobClient.EnqueueAsync(Job, DbTransaction, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Gives up before anything is written.</param>
    /// <exception cref="LeaseLostException">The job has passed to another attempt, was cancelled or has ended; let it
    /// out of the handler, so that the transaction is rolled back.</exception>
    /// <exception cref="ArgumentException">The transaction is not one of the storage's database.</exception>
    /// <exception cref="InvalidOperationException">The transaction has ended, or the attempt has.</exception>
    /// <exception cref="StorageException">The storage cannot take it, or takes no transactions.</exception>
    public ValueTask CompleteInTransactionAsync(
        DbTransaction transaction, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        return CompleteCoreAsync(transaction, static _ => default, cancellationToken);
    }

    /// <summary>
    /// Records this attempt as succeeded, with its result, inside a transaction of the handler's own; see
    /// <see cref="CompleteInTransactionAsync(DbTransaction, CancellationToken)"/>.
    /// </summary>
    /// <inheritdoc cref="CompleteInTransactionAsync(DbTransaction, CancellationToken)"/>
    /// <typeparam name="TResult">The result's type, as the handler's signature has it. What the handler returns
    /// afterwards is not kept.</typeparam>
    /// <param name="transaction">A transaction that is open, of the storage's own database.</param>
    /// <param name="result">The result.</param>
    /// <param name="cancellationToken">Gives up before anything is written.</param>
    public ValueTask CompleteInTransactionAsync<TResult>(
        DbTransaction transaction, TResult result, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        return CompleteCoreAsync(
            transaction,
            serializer => WrittenResult.Of(result, serializer),
            cancellationToken);
    }

    /// <summary>
    /// False when each slot of the worker is taken, this attempt's included: a job that it waits for may never start.
    /// </summary>
    internal virtual bool HasFreeSlot => true;

    /// <summary>Writes what CompleteInTransactionAsync promises; does nothing unless it is overridden.</summary>
    /// <param name="transaction">The transaction.</param>
    /// <param name="result">Writes the result.</param>
    /// <param name="cancellationToken">Gives up before anything is written.</param>
    internal virtual ValueTask CompleteCoreAsync(
        DbTransaction transaction,
        Func<JobSerializer, WrittenResult> result,
        CancellationToken cancellationToken) => default;
}

/// <summary>
/// Says how far the work is. Reports are hints: the worker stores the newest one about once a second and drops those
/// between.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
public abstract class JobProgress
{
    /// <summary>Reports.</summary>
    /// <param name="fraction">0 to 1; values outside are brought to the nearer end.</param>
    /// <param name="message">What is being done, at most 200 characters; null for none.</param>
    public void Report(double fraction, string? message = null) =>
        ReportCore(
            double.IsNaN(fraction) ? 0 : Math.Clamp(fraction, 0, 1),
            message is null ? null : TextCut.Bare(message, 200));

    /// <summary>Takes a report whose values are in range.</summary>
    /// <param name="fraction">0 to 1.</param>
    /// <param name="message">At most 200 characters; null for none.</param>
    protected abstract void ReportCore(double fraction, string? message);
}
