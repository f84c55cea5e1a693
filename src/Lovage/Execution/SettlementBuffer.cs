using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>
/// Writes outcomes apart from the slots that made them: at once while nothing is being written, else together with all
/// that came meanwhile. A slot waits only when too many outcomes are unwritten. An outcome is kept until the storage
/// has answered for it, and its listeners hear the answer.
/// </summary>
/// <remarks>Safe for use by several threads; one loop writes.</remarks>
internal sealed class SettlementBuffer(WorkerContext worker, LeaseKeeper leases)
{
    private const int FewOutcomes = 64;

    private static readonly TimeSpan LookInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RetryDelayMax = TimeSpan.FromSeconds(2);

    private readonly ConcurrentQueue<Running> _queue = new();
    private readonly WakeUp _added = new();
    private readonly WakeUp _written = new();
    private int _waiting;
    private int _pending;

    /// <summary>Outcomes that are not written yet.</summary>
    internal int Pending => Volatile.Read(ref _pending);

    /// <summary>Takes an outcome. Completes at once unless too many are unwritten.</summary>
    internal ValueTask AddAsync(Running run, CancellationToken forced) =>
        Add(run) <= worker.Settings.UnwrittenMax ? ValueTask.CompletedTask : WaitForRoomAsync(forced);

    /// <summary>Takes an outcome without waiting for room.</summary>
    /// <returns>Outcomes that are not written yet.</returns>
    internal int Add(Running run)
    {
        var pending = Interlocked.Increment(ref _pending);
        _queue.Enqueue(run);
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

            await _written.WaitAsync(seen, TimeSpan.FromSeconds(1), worker.Time, forced);
        }
    }

    /// <summary>The loop that writes; ends when it is stopped.</summary>
    internal async Task<TimeSpan> RunAsync(CancellationToken stopped)
    {
        var batch = new Batch();
        while (!stopped.IsCancellationRequested)
        {
            var seen = _added.Version;
            if (_queue.Count is > 0 and < FewOutcomes)
            {
                // Slots that are ready to run come first: a moment later there is more to write at once. With an idle
                // processor this is no wait at all.
                Thread.Yield();
            }

            while (batch.Count < JobBroker.BatchMax && _queue.TryDequeue(out var run))
            {
                batch.Add(run);
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
                        await _added.WaitAsync(seen, LookInterval, worker.Time, stopped);
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
                leases.Remove(batch.Outcomes);
                Interlocked.Add(ref _pending, -batch.Count);
                _written.Pulse();
                batch.Tell();
                batch.Clear();
            }
        }

        return TimeSpan.Zero;
    }

    private async ValueTask WaitForRoomAsync(CancellationToken forced)
    {
        while (true)
        {
            var seen = _written.Version;
            if (Pending <= worker.Settings.UnwrittenMax)
            {
                return;
            }

            await _written.WaitAsync(seen, TimeSpan.FromSeconds(1), worker.Time, forced);
        }
    }

    /// <summary>Writes a batch, as often as it takes.</summary>
    /// <returns>False when the worker has stopped and it is not written.</returns>
    [SuppressMessage(
        "Design",
        "CA1031",
        Justification = "This loop must outlive whatever a storage or a listener of its signals throws: without it no "
            + "outcome is ever written.")]
    private async Task<bool> WriteAsync(Batch batch, CancellationToken stopped)
    {
        for (var tries = 0; !stopped.IsCancellationRequested; tries++)
        {
            try
            {
                batch.Answer(await SettleSpan.SettleAsync(worker, batch.Runs, batch.Outcomes, stopped));
                return true;
            }
            catch (StorageException error) when (error.IsTransient)
            {
                worker.Report.WriteFailed(error, batch.Count);
                await PauseAsync(tries, stopped);
            }
            catch (LovageException error)
            {
                // One outcome that the storage will never take must not hold up the others.
                worker.Report.WriteFailed(error, batch.Count);
                return await WriteEachAsync(batch, stopped);
            }
            catch (OperationCanceledException) when (stopped.IsCancellationRequested)
            {
                return false;
            }
            catch (Exception error)
            {
                worker.Report.WriteFailed(error, batch.Count);
                await PauseAsync(tries, stopped);
            }
        }

        return false;
    }

    [SuppressMessage("Design", "CA1031", Justification = "As in WriteAsync.")]
    private async Task<bool> WriteEachAsync(Batch batch, CancellationToken stopped)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            AttemptVerdict? verdict = null;
            for (var tries = 0; verdict is null; tries++)
            {
                if (stopped.IsCancellationRequested)
                {
                    return false;
                }

                try
                {
                    var results = await SettleSpan.SettleAsync(worker, [batch.Runs[i]], [batch.Outcomes[i]], stopped);
                    verdict = Batch.Read(results[0]);
                }
                catch (StorageException error) when (error.IsTransient)
                {
                    worker.Report.WriteFailed(error, 1);
                    await PauseAsync(tries, stopped);
                }
                catch (LovageException error)
                {
                    verdict = new AttemptVerdict(AttemptAnswer.Refused, null, error);
                }
                catch (OperationCanceledException) when (stopped.IsCancellationRequested)
                {
                    return false;
                }
                catch (Exception error)
                {
                    worker.Report.WriteFailed(error, 1);
                    await PauseAsync(tries, stopped);
                }
            }

            batch.Answer(verdict.Value);
        }

        return true;
    }

    /// <summary>
    /// Waits before the next try. The stop ends the wait without an exception, so that a store that fails to the last
    /// does not fail the stop.
    /// </summary>
    private async Task PauseAsync(int tries, CancellationToken stopped)
    {
        var bound = Math.Min(0.05 * Math.Pow(2, Math.Min(tries, 10)), RetryDelayMax.TotalSeconds);
        var pause = TimeSpan.FromSeconds(bound * (0.5 + (worker.Services.Random.NextDouble() / 2)));
        await Task.Delay(pause, worker.Time, stopped).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    /// <summary>Attempts whose outcomes are written together, and the storage's answers.</summary>
    private sealed class Batch
    {
        private readonly List<Running> _runs = new(JobBroker.BatchMax);
        private readonly List<Settlement> _outcomes = new(JobBroker.BatchMax);
        private readonly List<AttemptVerdict> _verdicts = new(JobBroker.BatchMax);

        internal int Count => _runs.Count;

        internal List<Running> Runs => _runs;

        internal List<Settlement> Outcomes => _outcomes;

        internal static AttemptVerdict Read(SettleResult result) => new(
            result.Status == SettleStatus.Stale ? AttemptAnswer.Stale : AttemptAnswer.Written, result.State);

        internal void Add(Running run)
        {
            _runs.Add(run);
            _outcomes.Add(run.Outcome!);
        }

        internal void Answer(AttemptVerdict verdict) => _verdicts.Add(verdict);

        internal void Answer(IReadOnlyList<SettleResult> results)
        {
            for (var i = 0; i < results.Count; i++)
            {
                _verdicts.Add(Read(results[i]));
            }
        }

        internal void Tell()
        {
            for (var i = 0; i < _verdicts.Count; i++)
            {
                _runs[i].TellDecided(_verdicts[i]);
            }
        }

        internal void Clear()
        {
            _runs.Clear();
            _outcomes.Clear();
            _verdicts.Clear();
        }
    }
}
