using Lovage.Dashboard.Api;
using Lovage.Dashboard.Sampling;
using Lovage.Dashboard.Search;

namespace Lovage.Dashboard.Views;

/// <summary>From bulk operations to what the API says of them.</summary>
internal sealed class OperationsView
{
    private const int ListMax = 100;

    private readonly Cached<IReadOnlyList<BulkOperation>> _newest;

    internal OperationsView(ConsoleServices console) => _newest = new(
        console.Time,
        TimeSpan.FromSeconds(1),
        async token => console.Jobs.DescribeStorage().HasOperations
            ? await console.Jobs.OperationsAsync(ListMax, cancellationToken: token)
            : []);

    /// <summary>Those that run.</summary>
    internal async Task<IReadOnlyList<OperationBody>> RunningAsync(CancellationToken cancellationToken) =>
        [.. (await _newest.GetAsync(cancellationToken))
            .Where(static operation => operation.State == BulkState.Running)
            .Select(Body)];

    /// <summary>After a change that a person made.</summary>
    internal void Forget() => _newest.Forget();

    internal static OperationBody Body(BulkOperation operation) => new()
    {
        Id = operation.Id,
        Action = Word(operation.Action),
        Q = SearchText.Of(operation.Filter),
        By = operation.By,
        Reason = operation.Reason,
        CreatedAt = operation.CreatedAt,
        FinishedAt = operation.FinishedAt,
        State = operation.State switch
        {
            BulkState.Running => "running",
            BulkState.Done => "done",
            BulkState.Cancelled => "cancelled",
            _ => "failed",
        },
        Expected = Bounded.Of(operation.Expected),
        Done = operation.Done,
        Skipped = operation.Skipped,
        SpreadSeconds = operation.Spread > TimeSpan.Zero ? operation.Spread.TotalSeconds : null,
        Error = operation.Error,
        Target = operation.Target is { } target
            ? new MoveBody { Queue = target.Queue, Priority = target.Priority }
            : null,
    };

    internal static string Word(BulkAction action) => action switch
    {
        BulkAction.RunAgain => "run_again",
        BulkAction.Cancel => "cancel",
        BulkAction.Delete => "delete",
        _ => "move",
    };
}
