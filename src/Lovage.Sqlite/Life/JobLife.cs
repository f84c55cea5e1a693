using Lovage.Sqlite.Native;
using Lovage.Sqlite.Schema;
using Lovage.Storage;
using Lovage.Storage.Plans;

namespace Lovage.Sqlite.Life;

/// <summary>
/// The five verbs of a job's life: place, claim, end a claim, keep an attempt, end a job. An operation that moves
/// a job is composed of them.
/// </summary>
/// <remarks>
/// Belongs to the writer's thread. When a claim ends, the verb that says where its job goes comes last and writes its
/// row of <c>lovage_course</c>, so that a settled job costs one statement there.
/// </remarks>
internal sealed class JobLife(WriteSession session)
{
    private readonly SqliteStatement _insertReady = session.Connection.Prepare(Sql.InsertReady);
    private readonly SqliteStatement _insertDelayed = session.Connection.Prepare(Sql.InsertDelayed);
    private readonly SqliteStatement _insertDelayedCourse = session.Connection.Prepare(Sql.InsertDelayedCourse);
    private readonly SqliteStatement _queueCourse = session.Connection.Prepare(Sql.QueueCourse);
    private readonly SqliteStatement _selectReady = session.Connection.Prepare(Sql.SelectReady);
    private readonly SqliteStatement _deleteReadyUpTo = session.Connection.Prepare(Sql.DeleteReadyUpTo);
    private readonly SqliteStatement _insertClaim = session.Connection.Prepare(Sql.InsertClaim);
    private readonly SqliteStatement _deleteClaim = session.Connection.Prepare(Sql.DeleteClaim);
    private readonly SqliteStatement _archiveAttempt = session.Connection.Prepare(Sql.ArchiveAttempt);
    private readonly SqliteStatement _writeAttempt = session.Connection.Prepare(Sql.WriteAttempt);
    private readonly SqliteStatement _writeCourse = session.Connection.Prepare(Sql.WriteCourse);
    private readonly SqliteStatement _endCourse = session.Connection.Prepare(Sql.EndCourse);

    /// <summary>Place: a new job, at the back of its queue or where it waits until it is due.</summary>
    /// <returns>Where it stands.</returns>
    internal JobState PlaceNew(long key, long queue, long priority, long? due)
    {
        if (due is { } at)
        {
            _insertDelayedCourse.Bind(1, key).Bind(2, (long)JobState.Scheduled).Bind(3, at).Run();
            Delay(key, queue, priority, at);
            return JobState.Scheduled;
        }

        MakeReady(key, queue, Tables.OrdinaryLane, priority, seq: key, readyAt: null, again: false);
        return JobState.Queued;
    }

    /// <summary>Place: at the back of its queue.</summary>
    internal void PlaceBack(long key, long queue, long lane, long priority, long? readyAt)
    {
        var seq = session.NextTicket();
        _queueCourse.Bind(1, key).Bind(2, (long)JobState.Queued).Bind(3, seq).Run();
        MakeReady(key, queue, lane, priority, seq, readyAt, again: true);
    }

    /// <summary>Place: at the front of its queue, where the place that it had before its claim puts it.</summary>
    internal void PlaceFront(ClaimedJob job, long lane)
    {
        job.State = JobState.Queued;
        job.ForgetProgress();
        if (job.Attempt is not null)
        {
            WriteCourse(job);
        }

        MakeReady(
            job.Key, job.Queue, lane, job.Priority, job.Seq, job.ReadyAt, job.HasCourse || job.Attempt is not null);
    }

    /// <summary>Place: where it waits until it is due.</summary>
    internal void PlaceDelayed(ClaimedJob job, JobState waiting, string? reason, long due)
    {
        job.State = waiting;
        job.Reason = reason;
        job.Due = due;
        job.ForgetProgress();
        WriteCourse(job);
        Delay(job.Key, job.Queue, job.Priority, due);
    }

    /// <summary>Place: where it waits until it is due, with its course as it is.</summary>
    internal void PlaceDelayed(long key, long queue, long priority, long due) => Delay(key, queue, priority, due);

    /// <summary>Claim: lends ready jobs of one lane of a queue, in order.</summary>
    internal void Claim(in ClaimTerms terms, long queue, long lane, int max, List<Delivery> taken)
    {
        const int First = MessageColumns.Count;
        var row = _selectReady.Bind(1, queue).Bind(2, lane).Bind(3, max);
        var claimedAt = StorageTime.To(session.Now);
        var (count, priority, seq) = (0, 0L, 0L);
        while (row.Read())
        {
            (priority, seq) = (row.Int64(First), row.Int64(First + 1));
            var key = row.Int64(First + 2);
            var readyAt = row.Int64OrNull(First + 3);
            var again = row.Int64(First + 4);
            var before = again != 0 ? session.Find.Delivered(key) : default;
            var message = MessageColumns.Read(session.Row.Of(row), 0, before.Retries);
            var stamp = session.NextTicket();
            _insertClaim.Bind(1, key)
                .Bind(2, stamp)
                .Bind(3, terms.Owner)
                .Bind(4, terms.Boot)
                .Bind(5, terms.Until)
                .Bind(6, lane)
                .Bind(7, seq)
                .Bind(8, readyAt)
                .Bind(9, again)
                .Bind(10, row.Int64(1))
                .Bind(11, queue)
                .Bind(12, priority)
                .Bind(13, row.Int64(5))
                .Bind(14, message.Id.Value)
                .Run();
            var enqueuedAt = StorageTime.To(row.Int64(MessageColumns.StoredAt));
            taken.Add(new Delivery
            {
                Message = message,
                Token = new LeaseToken(key, stamp),
                EnqueuedAt = enqueuedAt,
                ReadyAt = StorageTime.To(readyAt) ?? enqueuedAt,
                ClaimedAt = claimedAt,
                IsOrphan = lane == Tables.OrphanLane,
                IsExpired = message.Expires <= claimedAt,
                AttemptsSoFar = before.Attempts,
                Offers = before.Offers,
            });
            count++;
        }

        if (count > 0)
        {
            _deleteReadyUpTo.Bind(1, queue).Bind(2, lane).Bind(3, priority).Bind(4, seq).Run();
            var sums = session.Tally.Queue(queue);
            sums.Ready -= count;
            sums.Claimed += count;
        }
    }

    /// <summary>End a claim: what follows decides where the job goes.</summary>
    internal void EndClaim(ClaimedJob job)
    {
        _deleteClaim.Bind(1, job.Key).Run();
        session.Tally.Queue(job.Queue).Claimed--;
    }

    /// <summary>Keep an attempt: the outcome that its worker wrote.</summary>
    internal void KeepAttempt(ClaimedJob job, AttemptRecord attempt)
    {
        Keep(job, attempt);
        job.IsSettled = true;
        var measures = AttemptMeasures.Of(attempt, attempt.Error is null ? "" : session.Words.Text(job.Name));
        session.Tally.Job(job.Queue, job.Name).Add(measures);
        if (measures.Fingerprint is { } fingerprint)
        {
            job.Fingerprint = fingerprint;
            session.Tally.Fail(fingerprint, job.Name, job.Id, attempt.Error!);
        }
    }

    /// <summary>Keep an attempt: one that ends without an outcome of its own, when its start is known.</summary>
    internal void KeepLostAttempt(ClaimedJob job, AttemptEnd end)
    {
        if (job.StartedAt is { } startedAt)
        {
            Keep(job, new AttemptRecord
            {
                Number = (int)job.Attempts + 1,
                End = end,
                StartedAt = StorageTime.To(startedAt),
                Duration = TimeSpan.FromTicks(Math.Max(0, session.Now - startedAt)),
                Worker = session.Words.Text(job.Owner),
            });
        }
    }

    /// <summary>Keep an attempt: the newest one of an ended job goes to those before it.</summary>
    internal void ArchiveAttempt(long key) => _archiveAttempt.Bind(1, key).Run();

    /// <summary>End a job whose claim ended.</summary>
    internal void EndJob(ClaimedJob job, JobState ended, string? reason)
    {
        job.State = ended;
        job.Reason = reason;
        WriteCourse(job);
        CountEnd(job.Queue, job.Name, ended);
    }

    /// <summary>End a job that no worker held and that has left its place.</summary>
    internal void EndJob(long key, long queue, long name, JobState ended, string? reason)
    {
        _endCourse.Bind(1, key).Bind(2, (long)ended).Bind(3, session.Now).Bind(4, reason).Run();
        CountEnd(queue, name, ended);
    }

    private void Keep(ClaimedJob job, AttemptRecord attempt)
    {
        if (job.Attempts > 0)
        {
            ArchiveAttempt(job.Key);
        }

        job.Attempt = attempt;
    }

    private void MakeReady(long key, long queue, long lane, long priority, long seq, long? readyAt, bool again)
    {
        _insertReady.Bind(1, queue).Bind(2, lane).Bind(3, priority).Bind(4, seq).Bind(5, key).Bind(6, readyAt)
            .Bind(7, again ? 1L : 0L).Run();
        session.Tally.Queue(queue).Ready++;
    }

    private void Delay(long key, long queue, long priority, long due)
    {
        _insertDelayed.Bind(1, queue).Bind(2, due).Bind(3, key).Bind(4, priority).Run();
        session.Tally.Queue(queue).Delayed++;
    }

    private void WriteCourse(ClaimedJob job)
    {
        if (job.Attempt is not null)
        {
            WriteAttempt(job, job.Attempt);
        }

        // An attempt makes earlier offers worth nothing; one that is declined now counts again.
        if (job.Attempt is null || job.State == JobState.Scheduled)
        {
            WriteWithoutAttempt(job);
        }
    }

    private void WriteAttempt(ClaimedJob job, AttemptRecord attempt)
    {
        var isFinal = job.State.IsFinal;
        var worker = session.Words.Id(attempt.Worker);
        session.Blocks.Note(BlockKind.Worker, job.Key, worker);
        _writeAttempt.Bind(1, job.Key)
            .Bind(2, (long)job.State)
            .Bind(3, job.Retries)
            .Bind(4, job.Due)
            .Bind(5, job.Deaths)
            .Bind(6, job.Attempts + 1)
            .Bind(7, attempt.Number)
            .Bind(8, (long)attempt.End)
            .Bind(9, StorageTime.From(attempt.StartedAt))
            .Bind(10, attempt.Duration.Ticks)
            .Bind(11, worker)
            .Bind(12, job.Stamp)
            .Bind(13, job.IsSettled ? (long)job.State : null)
            .Bind(14, isFinal ? session.Now : null)
            .BindSome(15, job.Result.Span)
            .BindSome(16, AttemptColumns.FromError(attempt.Error))
            .BindSome(17, AttemptColumns.FromLogs(attempt.Logs))
            .Bind(18, job.Reason)
            .Bind(19, isFinal ? job.Progress : null)
            .Bind(20, isFinal ? job.ProgressMessage : null)
            .Bind(21, attempt.Wait?.Ticks)
            .Bind(22, job.Fingerprint)
            .Run();
    }

    private void WriteWithoutAttempt(ClaimedJob job)
    {
        var isFinal = job.State.IsFinal;
        _writeCourse.Bind(1, job.Key)
            .Bind(2, (long)job.State)
            .Bind(3, job.Retries)
            .Bind(4, job.Due)
            .Bind(5, job.Deaths)
            .Bind(6, isFinal ? session.Now : null)
            .Bind(7, job.Reason)
            .Bind(8, isFinal ? job.Progress : null)
            .Bind(9, isFinal ? job.ProgressMessage : null)
            .Bind(10, job.Offers)
            .Bind(11, job.FirstOfferAt)
            .Bind(12, job.Asked)
            .Run();
    }

    private void CountEnd(long queue, long name, JobState state)
    {
        session.Tally.Job(queue, name).AddEnd(state);
        session.AddEnded(1);
    }
}
