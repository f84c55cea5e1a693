namespace Lovage.Storage.Columns;

/// <summary>Maps rows to schedules and to lines of their history.</summary>
/// <remarks>
/// Stateless, safe for use by several threads. The columns of a schedule stand in this order after those of its job
/// (<see cref="MessageColumns.Read"/>, with the time of the schedule's creation for that of the message): id, trigger,
/// app (a word), digest, code_version, edited, misfire, grace, catch_up_max, overlap, overlap_max, jitter; then of its
/// course: version, state, reason, next tick, last tick, queued tick, fired, missed, skipped. Spans are in units of
/// 100 ns, times as <see cref="StorageTime"/> has them.
/// </remarks>
public static class ScheduleColumns
{
    /// <summary>How many columns a schedule has.</summary>
    public const int Count = MessageColumns.Count + 21;

    private const int Id = MessageColumns.Count;
    private const int Course = Id + 12;

    /// <summary>Reads a schedule.</summary>
    /// <param name="row">The row.</param>
    public static ScheduleRecord Read(RowReader row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return new ScheduleRecord
        {
            Job = MessageColumns.Read(row, 0, retries: null),
            CreatedAt = StorageTime.To(row.Int64(MessageColumns.StoredAt)),
            Id = row.Text(Id),
            Trigger = row.Text(Id + 1),
            App = row.Word(Id + 2),
            CodeDigest = row.TextOrNull(Id + 3),
            CodeVersion = row.TextOrNull(Id + 4),
            IsEdited = row.Bool(Id + 5),
            Policy = new SchedulePolicy
            {
                Misfire = (MisfireRule)row.Int32(Id + 6),
                Grace = row.Int64OrNull(Id + 7) is { } grace ? new TimeSpan(grace) : null,
                CatchUpMax = row.Int32(Id + 8),
                Overlap = (OverlapRule)row.Int32(Id + 9),
                OverlapMax = row.Int32(Id + 10),
                Jitter = new TimeSpan(row.Int64(Id + 11)),
            },
            Version = row.Int64(Course),
            State = (ScheduleState)row.Int32(Course + 1),
            Reason = row.TextOrNull(Course + 2),
            NextTick = row.TimeOrNull(Course + 3),
            LastTick = row.TimeOrNull(Course + 4),
            QueuedTick = row.TimeOrNull(Course + 5),
            Fired = row.Int64(Course + 6),
            Missed = row.Int64(Course + 7),
            Skipped = row.Int64(Course + 8),
        };
    }

    /// <summary>Reads a line of history: tick, through, count, status, job, recorded_at.</summary>
    /// <param name="row">The row.</param>
    public static TickRecord ReadTick(RowReader row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return new TickRecord(StorageTime.To(row.Int64(0)), (TickStatus)row.Int32(3))
        {
            Through = StorageTime.To(row.Int64(1)),
            Count = row.Int64(2),
            JobId = row.IsNull(4) ? null : JobId.Parse(row.Text(4)),
            RecordedAt = StorageTime.To(row.Int64(5)),
        };
    }
}
