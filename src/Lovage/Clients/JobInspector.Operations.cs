using Lovage.Storage;

namespace Lovage;

public sealed partial class JobInspector
{
    /// <summary>Jobs of an operation that are counted at the most.</summary>
    private const int ExpectedMax = 1_000_000;

    private const double ExpectedTolerance = 0.1;
    private const int OperationIdLengthMax = 128;

    private OperationStore Operations => _gate.Storage.Operations ?? throw new StorageException(
        $"The storage {_gate.Storage.Description} keeps no bulk operations. Use one that does (sqlite:, postgres: or "
            + "memory:).",
        isTransient: false);

    /// <summary>True when the storage keeps bulk operations.</summary>
    public bool HasOperations => _gate.Storage is { Operations: not null, History: not null };

    /// <summary>
    /// Starts a change of all jobs that match a filter. Any process that has the storage open carries it out, in pages,
    /// and goes on where another one has ended.
    /// </summary>
    /// <remarks>
    /// It concerns jobs that the storage has accepted by now. It runs again, and deletes, only jobs that have ended by
    /// now. Each job is changed at most once.
    /// </remarks>
    /// <param name="action">What is done to each job.</param>
    /// <param name="filter">Which jobs; page settings are ignored.</param>
    /// <param name="request">What else is said; null (the default) for nothing.</param>
    /// <param name="cancellationToken">Gives up waiting; the operation may be stored all the same.</param>
    /// <returns>The operation as it is stored.</returns>
    /// <exception cref="BulkCountException">Another number of jobs matches than the caller expects; nothing was
    /// started.</exception>
    /// <exception cref="ArgumentException">The action is unknown, the target does not fit it, a text is too long, or
    /// the spread is out of range.</exception>
    public async ValueTask<BulkOperation> StartOperationAsync(
        BulkAction action, JobQuery filter, BulkRequest? request = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        request = Checked(action, request ?? new BulkRequest());
        if (request.Id is { } id && await Operations.FindAsync(id, cancellationToken) is { } known)
        {
            return known;
        }

        var count = await History.CountAsync(
            filter with { After = null, Limit = 1 }, ExpectedMax, cancellationToken);
        if (request.Expected is { } expected && !IsNear(expected, count))
        {
            throw new BulkCountException(expected, count);
        }

        return await Operations.AddAsync(
            new BulkOperation
            {
                Id = request.Id ?? _messages.NextId().Value,
                Action = action,
                Filter = filter with { After = null, Limit = new JobQuery().Limit },
                Target = request.Target,
                By = request.By,
                Reason = request.Reason,
                Spread = request.Spread ?? SpreadOf(action, count),
                Expected = count,
            },
            cancellationToken);
    }

    /// <summary>Reads a page of bulk operations, newest first.</summary>
    /// <param name="max">Operations at the most, 1 to 1,000; 50 by default.</param>
    /// <param name="before">
    /// The lowest <see cref="BulkOperation.Number"/> of the page before; null (the default) for the first page.
    /// </param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public ValueTask<IReadOnlyList<BulkOperation>> OperationsAsync(
        int max = 50, long? before = null, CancellationToken cancellationToken = default) =>
        Operations.ListAsync(before, max, cancellationToken);

    /// <summary>Reads a bulk operation.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Null when it is not known.</returns>
    public ValueTask<BulkOperation?> FindOperationAsync(string id, CancellationToken cancellationToken = default) =>
        Operations.FindAsync(id, cancellationToken);

    /// <summary>Cancels a bulk operation; what it has done stays. A process that carries it out ends it within about a
    /// second.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The operation as it is stored now; null when it is not known.</returns>
    public ValueTask<BulkOperation?> CancelOperationAsync(string id, CancellationToken cancellationToken = default) =>
        Operations.CancelAsync(id, cancellationToken);

    private static BulkRequest Checked(BulkAction action, BulkRequest request)
    {
        if (!Enum.IsDefined(action))
        {
            throw new ArgumentOutOfRangeException(nameof(action), action, "There is no such action.");
        }

        if (request.Id is { Length: 0 or > OperationIdLengthMax })
        {
            throw new ArgumentException(
                $"An operation's id has 1 to {OperationIdLengthMax} characters.", nameof(request));
        }

        if (request.Spread is { } spread && (spread < ClientRules.RunAgainSpread.Min
            || spread > ClientRules.RunAgainSpread.Max))
        {
            throw new ArgumentOutOfRangeException(
                nameof(request), spread, $"A spread is 0 to {ClientRules.RunAgainSpread.Max.TotalDays:0} days.");
        }

        if (action == BulkAction.Move)
        {
            return request with
            {
                Target = (request.Target ?? throw new ArgumentException("A move needs a target.", nameof(request)))
                    .Checked(),
            };
        }

        return request.Target is null
            ? request
            : throw new ArgumentException("Only a move has a target.", nameof(request));
    }

    private static bool IsNear(BoundedCount expected, BoundedCount count)
    {
        var tolerance = expected.Value * ExpectedTolerance;
        return count.Value >= expected.Value - tolerance
            && (!expected.IsExact || count.Value <= expected.Value + tolerance);
    }

    private TimeSpan SpreadOf(BulkAction action, BoundedCount count) =>
        action == BulkAction.RunAgain && count.Value > _settings.RunAgainAtOnceMax
            ? _settings.RunAgainSpread
            : TimeSpan.Zero;
}
