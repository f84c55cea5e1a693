namespace Lovage.Storage.Columns;

/// <summary>Maps a row to a <see cref="JobRecord"/>: where the job stands, and what has become of it.</summary>
/// <remarks>
/// Stateless, safe for use by several threads. The columns stand in this order after those of
/// <see cref="MessageColumns.Read"/>: state (NULL when the job was never more than queued), retries (NULL for those of
/// the message), due time, attempts, whether a worker holds the job, whether that worker has started it, the newest
/// start, its worker (a word), the time of the end, result, error, reason, progress, text of the progress, whether the
/// job is to be cancelled, offers. Times are as <see cref="StorageTime"/> has them.
/// </remarks>
public static class JobColumns
{
    /// <summary>How many columns a job has.</summary>
    public const int Count = MessageColumns.Count + 16;

    private const int State = MessageColumns.Count;
    private const int Retries = State + 1;
    private const int Due = State + 2;
    private const int Attempts = State + 3;
    private const int IsHeld = State + 4;
    private const int IsStarted = State + 5;
    private const int StartedAt = State + 6;
    private const int Worker = State + 7;
    private const int FinishedAt = State + 8;
    private const int Result = State + 9;
    private const int Error = State + 10;
    private const int Reason = State + 11;
    private const int Progress = State + 12;
    private const int ProgressMessage = State + 13;
    private const int Cancel = State + 14;
    private const int Offers = State + 15;

    /// <summary>Where the row's job stands.</summary>
    /// <param name="row">The row.</param>
    public static JobState StateOf(RowReader row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return row.Bool(IsStarted) ? JobState.Running
            : row.Bool(IsHeld) || row.IsNull(State) ? JobState.Queued
            : (JobState)row.Int32(State);
    }

    /// <summary>Reads a job.</summary>
    /// <param name="row">The row.</param>
    public static JobRecord Read(RowReader row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return new JobRecord
        {
            Message = MessageColumns.Read(row, 0, row.Int32OrNull(Retries)),
            State = StateOf(row),
            EnqueuedAt = StorageTime.To(row.Int64(MessageColumns.StoredAt)),
            DueAt = row.TimeOrNull(Due),
            StartedAt = row.TimeOrNull(StartedAt),
            FinishedAt = row.TimeOrNull(FinishedAt),
            Attempts = row.Int32(Attempts) + (row.Bool(IsStarted) ? 1 : 0),
            Offers = row.Int32(Offers),
            Worker = row.Word(Worker),
            Result = row.Memory(Result),
            Error = AttemptColumns.ToError(row.Bytes(Error)),
            Reason = row.TextOrNull(Reason),
            Progress = row.DoubleOrNull(Progress),
            ProgressMessage = row.TextOrNull(ProgressMessage),
            CancelRequested = row.Bool(Cancel),
        };
    }
}
