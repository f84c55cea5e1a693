using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace Lovage.Spawning;

internal static class Gathering
{
    internal const int ConcurrencyDefault = 100;
}

/// <summary>Runs work for many items, a bounded number at once.</summary>
internal sealed class Gathering<TItem, TResult>
{
    private readonly LocalRunner _runner;
    private readonly string _name;
    private readonly Func<TItem, CancellationToken, Task<TResult>> _work;
    private readonly bool _stopAtError;
    private readonly Lock _lock = new();
    private readonly IEnumerable<TItem> _items;
    private readonly List<TaskOutcome<TResult>> _outcomes = [];
    private Exception? _first;

    internal Gathering(LocalRunner runner, string name, IEnumerable<TItem> items, Func<TItem, CancellationToken, Task<TResult>> work, bool stopAtError)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(work);
        _runner = runner;
        _name = name;
        _items = items;
        _work = work;
        _stopAtError = stopAtError;
    }

    [SuppressMessage("Reliability", "CA2025", Justification = "All lanes have ended when what they use is disposed.")]
    internal async Task<IReadOnlyList<TaskOutcome<TResult>>> RunAsync(int maxConcurrency, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxConcurrency, 1);
        var entry = _runner.Accept(TaskKind.Spawned, _name);
        entry.Attempt = 1;
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _runner.Stopped);
            using var items = _items.GetEnumerator();
            var lanes = new List<Task>();
            while (lanes.Count < maxConcurrency && TryNext(items, stop.Token, out var item, out var place))
            {
                lanes.Add(RunLaneAsync(entry, items, item, place, stop));
            }

            await Task.WhenAll(lanes);
            if (_first is { } error)
            {
                ExceptionDispatchInfo.Throw(error);
            }

            stop.Token.ThrowIfCancellationRequested();
            return _outcomes;
        }
        finally
        {
            _runner.Leave(entry);
        }
    }

    private bool TryNext(IEnumerator<TItem> items, CancellationToken stopped, [MaybeNullWhen(false)] out TItem item, out int place)
    {
        lock (_lock)
        {
            item = default;
            place = _outcomes.Count;
            if (stopped.IsCancellationRequested || !items.MoveNext())
            {
                return false;
            }

            item = items.Current;
            _outcomes.Add(default);
            return true;
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever the work throws is its outcome.")]
    private async Task RunLaneAsync(LocalEntry entry, IEnumerator<TItem> items, TItem item, int place, CancellationTokenSource stop)
    {
        // Elsewhere: work that does not await must not keep the caller from starting the rest.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        do
        {
            try
            {
                Set(place, new TaskOutcome<TResult>(await _work(item, stop.Token), null));
            }
            catch (OperationCanceledException cancelled) when (stop.IsCancellationRequested)
            {
                Set(place, new TaskOutcome<TResult>(default, cancelled));
            }
            catch (Exception error)
            {
                Set(place, new TaskOutcome<TResult>(default, error));
                _runner.GatherFailed(entry, error);
                if (_stopAtError && Interlocked.CompareExchange(ref _first, error, null) is null)
                {
                    await stop.CancelAsync();
                }
            }
        }
        while (TryNext(items, stop.Token, out item!, out place));
    }

    private void Set(int place, TaskOutcome<TResult> outcome)
    {
        lock (_lock)
        {
            _outcomes[place] = outcome;
        }
    }
}
