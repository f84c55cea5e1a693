using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>
/// Writes outcomes apart from the slots that made them: at once while nothing is being written, else together with all
/// that came meanwhile. A slot waits only when too many outcomes are unwritten. An outcome is kept until the storage
/// has answered for it.
/// </summary>
internal sealed class SettlementBuffer(
    JobStore store, LeaseKeeper leases, TimeProvider time, Random random, SettlementBuffer.Listener listener)
{
    private const int PendingMax = 10_000;
    private const int FewOutcomes = 64;

    private static readonly TimeSpan LookInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RetryDelayMax = TimeSpan.FromSeconds(2);

    private readonly ConcurrentQueue<Settlement> _queue = new();
    private readonly WakeUp _added = new();
    private readonly WakeUp _written = new();
    private int _waiting;
    private int _pending;

    /// <summary>Hears of what became of outcomes.</summary>
    internal abstract class Listener
    {
        internal abstract void Stale(Settlement outcome);

        internal abstract void WriteFailed(Exception error, int outcomes);

        internal abstract void Refused(Settlement outcome, Exception error);
    }

    /// <summary>Outcomes that are not written yet.</summary>
    internal int Pending => Volatile.Read(ref _pending);

    /// <summary>Takes an outcome. Completes at once unless too many are unwritten.</summary>
    internal ValueTask AddAsync(Settlement outcome, CancellationToken forced) =>
        Add(outcome) <= PendingMax ? ValueTask.CompletedTask : WaitForRoomAsync(forced);

    /// <summary>Takes an outcome without waiting for room.</summary>
    /// <returns>Outcomes that are not written yet.</returns>
    internal int Add(Settlement outcome)
    {
        var pending = Interlocked.Increment(ref _pending);
        _queue.Enqueue(outcome);
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _waiting) == 1)
        {
            _added.Pulse();
        }

        return pending;
    }

    /// <summary>Waits until all that was added is written.</summary>
    internal async Task FlushAsync(CancellationToken forced)
    {
        while (true)
        {
            var seen = _written.Version;
            if (Pending == 0)
            {
                return;
            }

            await _written.WaitAsync(seen, TimeSpan.FromSeconds(1), time, forced);
        }
    }

    /// <summary>Waits until one outcome that was added is written, or the worker has stopped.</summary>
    internal async Task WaitUntilWrittenAsync(LeaseToken token, CancellationToken stopped)
    {
        while (!stopped.IsCancellationRequested)
        {
            var seen = _written.Version;
            if (!leases.Holds(token))
            {
                return;
            }

            try
            {
                await _written.WaitAsync(seen, TimeSpan.FromSeconds(1), time, stopped);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>The loop that writes; ends when it is stopped.</summary>
    internal async Task<TimeSpan> RunAsync(CancellationToken stopped)
    {
        var batch = new List<Settlement>(JobBroker.BatchMax);
        while (!stopped.IsCancellationRequested)
        {
            var seen = _added.Version;
            if (_queue.Count is > 0 and < FewOutcomes)
            {
                // Slots that are ready to run come first: a moment later there is more to write at once. With an idle
                // processor this is no wait at all.
                Thread.Yield();
            }

            while (batch.Count < JobBroker.BatchMax && _queue.TryDequeue(out var outcome))
            {
                batch.Add(outcome);
            }

            if (batch.Count == 0)
            {
                // Who adds enqueues first and looks at the flag then: one of the two sees the other.
                Volatile.Write(ref _waiting, 1);
                Interlocked.MemoryBarrier();
                if (_queue.IsEmpty)
                {
                    try
                    {
                        await _added.WaitAsync(seen, LookInterval, time, stopped);
                    }
                    catch (OperationCanceledException)
                    {
                        return TimeSpan.Zero;
                    }
                }

                Volatile.Write(ref _waiting, 0);
                continue;
            }

            if (await WriteAsync(batch, stopped))
            {
                leases.Remove(batch);
                Interlocked.Add(ref _pending, -batch.Count);
                batch.Clear();
                _written.Pulse();
            }
        }

        return TimeSpan.Zero;
    }

    private async ValueTask WaitForRoomAsync(CancellationToken forced)
    {
        while (true)
        {
            var seen = _written.Version;
            if (Pending <= PendingMax)
            {
                return;
            }

            await _written.WaitAsync(seen, TimeSpan.FromSeconds(1), time, forced);
        }
    }

    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "This loop must outlive whatever a storage, a signal's listener or a logger throws: without "
            + "it no outcome is ever written.")]
    private async Task<bool> WriteAsync(List<Settlement> batch, CancellationToken stopped)
    {
        for (var tries = 0; !stopped.IsCancellationRequested; tries++)
        {
            try
            {
                var results = await store.SettleAsync(batch, stopped);
                for (var i = 0; i < results.Count; i++)
                {
                    if (results[i].Status == SettleStatus.Stale)
                    {
                        listener.Stale(batch[i]);
                    }
                }

                return true;
            }
            catch (StorageException error) when (error.IsTransient)
            {
                listener.WriteFailed(error, batch.Count);
                await PauseAsync(tries, stopped);
            }
            catch (LovageException error)
            {
                // One outcome that the storage will never take must not hold up the others.
                listener.WriteFailed(error, batch.Count);
                await WriteEachAsync(batch, stopped);
                return true;
            }
            catch (OperationCanceledException) when (stopped.IsCancellationRequested)
            {
                return false;
            }
            catch (Exception error)
            {
                listener.WriteFailed(error, batch.Count);
                await PauseAsync(tries, stopped);
            }
        }

        return false;
    }

    private async Task WriteEachAsync(List<Settlement> batch, CancellationToken stopped)
    {
        foreach (var outcome in batch)
        {
            for (var tries = 0; !stopped.IsCancellationRequested; tries++)
            {
                try
                {
                    if ((await store.SettleAsync([outcome], stopped))[0].Status == SettleStatus.Stale)
                    {
                        listener.Stale(outcome);
                    }

                    break;
                }
                catch (StorageException error) when (error.IsTransient)
                {
                    listener.WriteFailed(error, 1);
                    await PauseAsync(tries, stopped);
                }
                catch (LovageException error)
                {
                    listener.Refused(outcome, error);
                    break;
                }
                catch (OperationCanceledException) when (stopped.IsCancellationRequested)
                {
                    return;
                }
            }
        }
    }

    /// <summary>
    /// Waits before the next try; the stop ends it quietly, so that a store that fails to the last does not fail the
    /// stop.
    /// </summary>
    private async Task PauseAsync(int tries, CancellationToken stopped)
    {
        var bound = Math.Min(0.05 * Math.Pow(2, Math.Min(tries, 10)), RetryDelayMax.TotalSeconds);
        await Task.Delay(TimeSpan.FromSeconds(bound * (0.5 + (random.NextDouble() / 2))), time, stopped).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }
}
