using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>One place where an attempt can run.</summary>
internal sealed class Slot
{
    private JobAttempt? _attempt;
    private HeldLease? _held;

    /// <summary>What runs in it; null while it is free.</summary>
    internal JobAttempt? Attempt => Volatile.Read(ref _attempt);

    internal HeldLease? Held => Volatile.Read(ref _held);

    internal void Set(HeldLease? held, JobAttempt? attempt)
    {
        Volatile.Write(ref _held, held);
        Volatile.Write(ref _attempt, attempt);
    }
}

/// <summary>
/// Looks at running attempts now and then: writes the start of those that take long enough for somebody to ask, writes
/// progress, and minds the time limits.
/// </summary>
internal sealed class AttemptWatch(
    JobStore store, LeaseKeeper leases, WorkerSettings settings, TimeProvider time, SlotRunner slots)
{
    private static readonly TimeSpan CancelCheckInterval = TimeSpan.FromSeconds(1);

    private readonly List<(HeldLease Held, JobAttempt Attempt)> _starts = [];
    private readonly List<ProgressUpdate> _progress = [];
    private readonly List<HeldLease> _running = [];
    private long _cancelCheckedTimestamp = time.GetTimestamp();
    private bool _cancelHint;

    /// <summary>Somebody may have asked for a cancellation: look soon.</summary>
    internal void HintCancel() => Volatile.Write(ref _cancelHint, true);

    /// <summary>One look; returns the wait until the next.</summary>
    internal async Task<TimeSpan> LookAsync(CancellationToken stopped)
    {
        if (slots.Running == 0)
        {
            await slots.WaitUntilBusyAsync(stopped);
            return settings.WatchInterval;
        }

        _starts.Clear();
        _progress.Clear();
        _running.Clear();
        foreach (var slot in slots.Slots)
        {
            if (slot.Attempt is { HasEnded: false } attempt
                && slot.Held is { } held
                && held.Delivery == attempt.Delivery)
            {
                Look(slot, held, attempt);
            }
        }

        if (_starts.Count > 0)
        {
            await WriteStartsAsync(stopped);
        }

        foreach (var part in _progress.Chunk(JobBroker.BatchMax))
        {
            await store.ReportProgressAsync(part, stopped);
        }

        if (_running.Count > 0
            && Volatile.Read(ref _cancelHint)
            && time.GetElapsedTime(_cancelCheckedTimestamp) >= CancelCheckInterval)
        {
            Volatile.Write(ref _cancelHint, false);
            _cancelCheckedTimestamp = time.GetTimestamp();
            await leases.RefreshAsync(_running, stopped);
        }

        return settings.WatchInterval;
    }

    private void Look(Slot slot, HeldLease held, JobAttempt attempt)
    {
        _running.Add(held);
        var elapsed = time.GetElapsedTime(attempt.StartedTimestamp);
        if (elapsed >= (attempt.HardLimit ?? settings.TimeLimit ?? TimeSpan.MaxValue))
        {
            attempt.Cancel(JobCancellationReason.TimeLimit);
            slots.GiveUp(slot, attempt);
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

        if (!attempt.StartRecorded && elapsed >= settings.WatchInterval)
        {
            _starts.Add((held, attempt));
        }

        if (time.GetElapsedTime(attempt.ProgressTimestamp) >= settings.ProgressInterval
            && attempt.TryTakeProgress(out var fraction, out var message))
        {
            attempt.ProgressTimestamp = time.GetTimestamp();
            _progress.Add(new ProgressUpdate(attempt.Delivery.Token, attempt.Delivery.Message.Id, fraction, message));
        }
    }

    private async Task WriteStartsAsync(CancellationToken stopped)
    {
        foreach (var part in _starts.Chunk(JobBroker.BatchMax))
        {
            var held = await store.RecordStartsAsync(
                [.. part.Select(start => new JobStart(
                    start.Attempt.Delivery.Token,
                    start.Attempt.Delivery.Message.Id,
                    start.Attempt.StartedAt,
                    Ahead: false))],
                stopped);
            for (var i = 0; i < part.Length; i++)
            {
                part[i].Attempt.StartRecorded = true;
                if (!held[i] && !part[i].Attempt.HasEnded)
                {
                    part[i].Held.Cancel(JobCancellationReason.LeaseLost);
                }
            }
        }
    }
}
