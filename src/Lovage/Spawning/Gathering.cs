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
    private readonly GatheredWork<TItem, TResult> _work;
    private readonly bool _stopAtError;
    private readonly Lock _lock = new();
    private readonly IEnumerable<TItem> _items;
    private readonly List<TaskOutcome<TResult>> _outcomes = [];
    private Exception? _first;

    /// <summary>Prepares it.</summary>
    /// <param name="runner">Knows it while it runs.</param>
    /// <param name="items">The items, read one by one.</param>
    /// <param name="work">The work for an item.</param>
    /// <param name="stopAtError">True when the first failure ends all of it.</param>
    internal Gathering(
        LocalRunner runner, IEnumerable<TItem> items, GatheredWork<TItem, TResult> work, bool stopAtError)
    {
        ArgumentException.ThrowIfNullOrEmpty(work.Name, "name");
        ArgumentNullException.ThrowIfNull(items);
        _runner = runner;
        _items = items;
        _work = work;
        _stopAtError = stopAtError;
    }

    [SuppressMessage("Reliability", "CA2025", Justification = "All lanes have ended when what they use is disposed.")]
    internal async Task<IReadOnlyList<TaskOutcome<TResult>>> RunAsync(
        int maxConcurrency, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxConcurrency, 1);
        var entry = _runner.Accept(TaskKind.Spawned, _work.Name);
        entry.Attempt = 1;
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _runner.Stopped);
            using var items = _items.GetEnumerator();
            var lanes = new List<Task>();
            while (lanes.Count < maxConcurrency && TryNext(items, stop.Token, out var item, out var place))
            {
                lanes.Add(RunLaneAsync(items, item, place, stop));
            }

            await StopAtErrorAsync(stop);
            await Task.WhenAll(lanes);
            if (_first is { } error)
            {
                ExceptionDispatchInfo.Throw(error);
            }

            cancellationToken.ThrowIfCancellationRequested();
            stop.Token.ThrowIfCancellationRequested();
            return _outcomes;
        }
        finally
        {
            _runner.Leave(entry);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Items that throw end all of it, once what runs has ended.")]
    private bool TryNext(
        IEnumerator<TItem> items, CancellationToken stopped, [MaybeNullWhen(false)] out TItem item, out int place)
    {
        lock (_lock)
        {
            item = default;
            place = _outcomes.Count;
            if (stopped.IsCancellationRequested || _first is not null)
            {
                return false;
            }

            try
            {
                if (!items.MoveNext())
                {
                    return false;
                }

                item = items.Current;
            }
            catch (Exception fault)
            {
                _first = fault;
                return false;
            }

            _outcomes.Add(default);
            return true;
        }
    }

    private async Task RunLaneAsync(IEnumerator<TItem> items, TItem item, int place, CancellationTokenSource stop)
    {
        // Elsewhere: work that does not await must not keep the caller from starting the rest.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        do
        {
            var outcome = await _runner.RunPartAsync(item, _work, stop.Token);
            lock (_lock)
            {
                _outcomes[place] = outcome;
                if (_stopAtError && !stop.IsCancellationRequested)
                {
                    _first ??= outcome.Exception;
                }
            }

            await StopAtErrorAsync(stop);
        }
        while (TryNext(items, stop.Token, out item!, out place));
        await StopAtErrorAsync(stop);
    }

    /// <summary>
    /// Cancels what runs once something has failed, whatever callbacks on the token, which are the work's own code,
    /// make of it.
    /// </summary>
    private async ValueTask StopAtErrorAsync(CancellationTokenSource stop)
    {
        if (Volatile.Read(ref _first) is not null)
        {
            await stop.CancelAsync().ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }
}
