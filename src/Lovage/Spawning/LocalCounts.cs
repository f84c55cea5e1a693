using Lovage.Storage;

namespace Lovage.Spawning;

/// <summary>How many tasks of this process have not ended, by kind, for those who wait until they have.</summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class LocalCounts(TimeProvider time)
{
    private readonly WakeUp _changed = new();
    private readonly int[] _counts = new int[3];
    private int _watchers;

    /// <summary>Tasks of all kinds.</summary>
    internal int All => Of(TaskKind.AfterResponse) + Spawned;

    /// <summary>Tasks that code spawned, calls on dedicated threads included.</summary>
    internal int Spawned => Of(TaskKind.Spawned) + Of(TaskKind.Dedicated);

    /// <summary>Tasks of one kind.</summary>
    internal int Of(TaskKind kind) => Volatile.Read(ref _counts[(int)kind]);

    /// <summary>Takes a place.</summary>
    /// <returns>How many are taken of this kind now.</returns>
    internal int Take(TaskKind kind) => Interlocked.Increment(ref _counts[(int)kind]);

    /// <summary>
    /// Frees a place. A task that was refused took one for a moment, in which a watcher may have counted it: watchers
    /// are woken then too.
    /// </summary>
    internal void Free(TaskKind kind)
    {
        Interlocked.Decrement(ref _counts[(int)kind]);
        Wake();
    }

    /// <summary>Wakes those who wait, if any.</summary>
    internal void Wake()
    {
        if (Volatile.Read(ref _watchers) > 0)
        {
            _changed.Pulse();
        }
    }

    /// <summary>Waits for something that comes about by ends, or by waits that begin.</summary>
    internal async Task WhenAsync(Func<bool> isSo, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _watchers);
        try
        {
            while (true)
            {
                var seen = _changed.Version;
                if (isSo())
                {
                    return;
                }

                await _changed.WaitAsync(seen).WaitAsync(cancellationToken);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _watchers);
        }
    }

    /// <summary>Waits as <see cref="WhenAsync"/> does, for a time at the most, and without an exception.</summary>
    internal async Task WaitAsync(Func<bool> isOver, TimeSpan limit, CancellationToken forced)
    {
        using var up = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(up.Token, forced);
        await WhenAsync(isOver, either.Token).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }
}
