using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>
/// Looks at running attempts now and then: writes the start of those that take long enough to be asked about, writes
/// progress and the newest log lines, and minds the time limits.
/// </summary>
internal sealed class AttemptWatch(WorkerContext worker, LeaseKeeper leases, SlotPool slots)
{
    private static readonly TimeSpan CancelCheckInterval = TimeSpan.FromSeconds(1);

    private readonly List<Running> _starts = [];
    private readonly List<ProgressUpdate> _progress = [];
    private readonly List<HeldLease> _running = [];
    private long _cancelCheckedTimestamp = worker.Time.GetTimestamp();
    private bool _cancelHint;

    /// <summary>A job may be to be cancelled: look soon.</summary>
    internal void HintCancel() => Volatile.Write(ref _cancelHint, true);

    /// <summary>One look; returns the wait until the next.</summary>
    internal async Task<TimeSpan> LookAsync(CancellationToken stopped)
    {
        var settings = worker.Settings;
        if (slots.Running == 0)
        {
            await slots.WaitUntilBusyAsync(stopped);
            return settings.WatchInterval;
        }

        _starts.Clear();
        _progress.Clear();
        _running.Clear();
        foreach (var running in slots.All)
        {
            Look(running, settings);
        }

        if (_starts.Count > 0)
        {
            await WriteStartsAsync(stopped);
        }

        foreach (var part in _progress.Chunk(JobBroker.BatchMax))
        {
            await worker.Storage.Store.ReportProgressAsync(part, stopped);
        }

        if (_running.Count > 0
            && Volatile.Read(ref _cancelHint)
            && worker.Time.GetElapsedTime(_cancelCheckedTimestamp) >= CancelCheckInterval)
        {
            Volatile.Write(ref _cancelHint, false);
            _cancelCheckedTimestamp = worker.Time.GetTimestamp();
            await leases.RefreshAsync(_running, stopped);
        }

        return settings.WatchInterval;
    }

    private void Look(Running running, WorkerSettings settings)
    {
        var (attempt, time) = (running.Attempt!, worker.Time);
        _running.Add(running.Held);
        var elapsed = time.GetElapsedTime(running.StartedTimestamp);
        if (elapsed >= (attempt.HardLimit ?? settings.TimeLimit ?? TimeSpan.MaxValue))
        {
            attempt.Cancel(JobCancellationReason.TimeLimit);
            slots.GiveUp(running);
            return;
        }

        if (elapsed >= (attempt.SoftLimit ?? settings.SoftTimeLimit ?? TimeSpan.MaxValue))
        {
            attempt.Cancel(JobCancellationReason.TimeLimit);
        }

        if (attempt.Completed is not null)
        {
            // A transaction of the handler's holds the claim: whatever is written about it would wait for that.
            return;
        }

        if (!running.StartRecorded && elapsed >= settings.WatchInterval)
        {
            _starts.Add(running);
        }

        if (time.GetElapsedTime(running.ProgressTimestamp) >= settings.ProgressInterval)
        {
            LookForProgress(running, attempt, time);
        }
    }

    private void LookForProgress(Running running, JobAttempt attempt, TimeProvider time)
    {
        var hasReport = attempt.TryTakeProgress(out var fraction, out var message);
        var lines = attempt.TakeLiveLines();
        if (hasReport || lines.Count > 0)
        {
            running.ProgressTimestamp = time.GetTimestamp();
            _progress.Add(new ProgressUpdate(
                running.Delivery.Token, running.Message.Id, hasReport ? fraction : null, message)
            {
                Lines = lines,
            });
        }
    }

    private async Task WriteStartsAsync(CancellationToken stopped)
    {
        foreach (var part in _starts.Chunk(JobBroker.BatchMax))
        {
            var held = await worker.Storage.Store.RecordStartsAsync(
                [.. part.Select(static running => new JobStart(
                    running.Delivery.Token, running.Message.Id, running.Attempt!.StartedAt, Ahead: false))],
                stopped);
            for (var i = 0; i < part.Length; i++)
            {
                part[i].StartRecorded = true;
                if (!held[i] && !part[i].Attempt!.HasEnded)
                {
                    part[i].Held.Cancel(JobCancellationReason.LeaseLost);
                }
            }
        }
    }
}
