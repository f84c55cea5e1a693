using Lovage.Protocol;
using Lovage.Sqlite.Native;
using Lovage.Sqlite.Schema;
using Lovage.Storage;

namespace Lovage.Sqlite.Writing;

/// <summary>
/// The writer's connection with its prepared statements, and the steps of a job's life that several operations share.
/// Belongs to the writer's thread.
/// </summary>
internal sealed class WriteSession
{
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _commit;
    private readonly SqliteStatement _rollback;
    private readonly SqliteStatement _readMeta;
    private readonly SqliteStatement _writeMeta;
    private readonly SqliteStatement _insertJob;
    private readonly SqliteStatement _insertReady;
    private readonly SqliteStatement _insertDelayed;
    private readonly SqliteStatement _selectClaim;
    private readonly SqliteStatement _deleteClaim;
    private readonly SqliteStatement _writeCourse;
    private readonly SqliteStatement _archiveAttempt;
    private readonly SqliteStatement _selectCourse;
    private readonly SqliteStatement _insertScheduled;
    private readonly SqliteStatement _sameJob;
    private readonly SqliteStatement _insertEnded;
    private readonly SqliteStatement _dataVersion;
    private readonly Dictionary<string, SqliteStatement> _others = new(StringComparer.Ordinal);
    private long _ticket;
    private long _ended;
    private (long Ticket, long Ended) _stored;

    internal WriteSession(SqliteConnection connection, Words words, StorageClock clock, string bootId)
    {
        Connection = connection;
        Clock = clock;
        BootId = bootId;
        Words = new WordWriter(connection, words);
        Tally = new Tally(connection);
        _begin = connection.Prepare(Sql.Begin);
        _commit = connection.Prepare(Sql.Commit);
        _rollback = connection.Prepare(Sql.Rollback);
        _readMeta = connection.Prepare(Sql.ReadMeta);
        _writeMeta = connection.Prepare(Sql.WriteMeta);
        _insertJob = connection.Prepare(Sql.InsertJob);
        _insertReady = connection.Prepare(Sql.InsertReady);
        _insertDelayed = connection.Prepare(Sql.InsertDelayed);
        _selectClaim = connection.Prepare(Sql.SelectClaim);
        _deleteClaim = connection.Prepare(Sql.DeleteClaim);
        _writeCourse = connection.Prepare(Sql.WriteCourse);
        _archiveAttempt = connection.Prepare(Sql.ArchiveAttempt);
        _selectCourse = connection.Prepare(Sql.SelectCourse);
        _insertScheduled = connection.Prepare("INSERT INTO course(job, state, due) VALUES (?1, ?2, ?3)");
        _sameJob = connection.Prepare("SELECT name = ?2 AND body = ?3, key FROM job WHERE id = ?1");
        _insertEnded = connection.Prepare(
            "INSERT INTO course(job, state, finished_at, reason) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (job) DO UPDATE "
                + "SET state = excluded.state, finished_at = excluded.finished_at, reason = excluded.reason");
        _dataVersion = connection.Prepare("PRAGMA data_version");
    }

    internal SqliteConnection Connection { get; }

    internal StorageClock Clock { get; }

    internal string BootId { get; }

    internal WordWriter Words { get; }

    internal Tally Tally { get; }

    /// <summary>The wall clock, read once a transaction so that all of it bears one time.</summary>
    internal long Now { get; private set; }

    internal long Monotonic { get; private set; }

    /// <summary>
    /// Changes when, and only when, another process (or another storage of this one) has committed something.
    /// </summary>
    internal long DataVersion
    {
        get
        {
            _dataVersion.Read();
            var version = _dataVersion.Int64(0);
            _dataVersion.Reset();
            return version;
        }
    }

    /// <summary>A statement that is prepared at its first use.</summary>
    internal SqliteStatement Statement(string sql)
    {
        if (!_others.TryGetValue(sql, out var statement))
        {
            _others.Add(sql, statement = Connection.Prepare(sql));
        }

        return statement;
    }

    internal void ReadClocks()
    {
        Now = Clock.Now;
        Monotonic = Clock.Monotonic;
    }

    internal void Begin()
    {
        _begin.Run();
        ReadStored();
    }

    internal void Commit()
    {
        WriteStored();
        _commit.Run();
        Words.Committed();
    }

    /// <summary>
    /// Carries out an operation in a transaction that somebody else has begun and ends, as a whole or not at all.
    /// Nothing is remembered from one to the next, since he may undo it by a savepoint of his own: neither counters nor
    /// the numbers of new words.
    /// </summary>
    internal void RunInside(WriteOperation operation)
    {
        Connection.Execute("SAVEPOINT lovage");
        try
        {
            ReadStored();
            operation.Run(this);
            WriteStored();
            Connection.Execute("RELEASE lovage");
        }
        catch
        {
            Tally.Clear();
            Connection.ResetStatements();
            if (Connection.InTransaction)
            {
                Connection.Execute("ROLLBACK TO lovage");
                Connection.Execute("RELEASE lovage");
            }

            throw;
        }
        finally
        {
            Words.RolledBack();
        }
    }

    internal void RollBack()
    {
        Tally.Clear();
        Words.RolledBack();
        Connection.ResetStatements();
        if (Connection.InTransaction)
        {
            _rollback.Run();
        }
    }

    /// <summary>A number greater than all before: a key, a place at the back of a queue, or a stamp.</summary>
    internal long NextTicket() => ++_ticket;

    internal long Ended => _ended;

    internal PublishStatus Publish(JobMessage message) => Publish(message, out _);

    /// <summary>
    /// Publishes; the key is that of the job, and when it is not accepted, of the one that has its id.
    /// </summary>
    internal PublishStatus Publish(JobMessage message, out long key)
    {
        var name = Words.Id(message.Name);
        var queue = Words.Id(message.Queue);
        key = _ticket + 1;
        MessageRow.Bind(
            _insertJob.Bind(1, key), message, name, queue, Now, message.Origin is { } origin ? Words.Id(origin) : null);
        if (_insertJob.Run() == 0)
        {
            _sameJob.Bind(1, message.Id.Value).Bind(2, name).BindBlob(3, message.Body.Span).Read();
            var isSame = _sameJob.Int64(0) != 0;
            key = _sameJob.Int64(1);
            _sameJob.Reset();
            return isSame ? PublishStatus.AlreadyKnown : PublishStatus.IdConflict;
        }

        _ticket = key;
        Tally.Job(queue, name).Enqueued++;
        var due = message.Delay > TimeSpan.Zero ? StorageClock.Add(Now, message.Delay) : Now;
        if (message.Eta is { } eta)
        {
            due = Math.Max(due, StorageTime.From(eta));
        }

        var priority = Math.Clamp(message.Priority, 0, 9);
        if (due > Now)
        {
            _insertScheduled.Bind(1, key).Bind(2, (long)JobState.Scheduled).Bind(3, due).Run();
            Delay(queue, due, key, priority);
        }
        else
        {
            MakeReady(queue, lane: 1, priority, key, key, readyAt: null, again: false);
        }

        return PublishStatus.Accepted;
    }

    internal void MakeReady(long queue, long lane, long priority, long seq, long job, long? readyAt, bool again)
    {
        _insertReady.Bind(1, queue).Bind(2, lane).Bind(3, priority).Bind(4, seq).Bind(5, job).Bind(6, readyAt)
            .Bind(7, again ? 1L : 0L).Run();
        Tally.Queue(queue).Ready++;
    }

    internal void Delay(long queue, long due, long job, long priority)
    {
        _insertDelayed.Bind(1, queue).Bind(2, due).Bind(3, job).Bind(4, priority).Run();
        Tally.Queue(queue).Delayed++;
    }

    /// <summary>The claim under this token; null when it is not, or no longer, held.</summary>
    internal ClaimRow? FindClaim(LeaseToken token)
    {
        var row = _selectClaim.Bind(1, token.Claim);
        if (!row.Read())
        {
            return null;
        }

        ClaimRow? claim = row.Int64(0) != token.Stamp ? null : new ClaimRow
        {
            Job = token.Claim,
            Stamp = token.Stamp,
            Owner = row.Int64(1),
            Lane = row.Int64(2),
            Seq = row.Int64(3),
            ReadyAt = row.Int64OrNull(4),
            Again = row.Int64(5) != 0,
            StartedAt = row.Int64OrNull(6),
            Ahead = row.Int64(7) != 0,
            Cancel = row.Int64(8) != 0,
            CancelReason = row.TextOrNull(9),
            Progress = row.DoubleOrNull(10),
            ProgressMessage = row.TextOrNull(11),
            Name = row.Int64(12),
            Queue = row.Int64(13),
            Priority = row.Int64(14),
            Retries = row.Int64(15),
            Id = row.Text(16),
        };
        row.Reset();
        return claim;
    }

    internal CourseRow FindCourse(long job)
    {
        var row = _selectCourse.Bind(1, job);
        if (!row.Read())
        {
            return default;
        }

        var course = new CourseRow(
            (JobState)row.Int64(0),
            row.Int64OrNull(1),
            row.Int64OrNull(2),
            row.Int64OrNull(3),
            row.Int64(4),
            row.Int64(5),
            Exists: true);
        row.Reset();
        return course;
    }

    /// <summary>Ends a claim; what follows decides where the job goes.</summary>
    internal void Unclaim(ClaimRow claim)
    {
        _deleteClaim.Bind(1, claim.Job).Run();
        Tally.Queue(claim.Queue).Claimed--;
    }

    /// <summary>
    /// Writes an attempt and where the job stands after it. The attempt before it moves to the history.
    /// </summary>
    internal void WriteCourse(
        ClaimRow claim, in CourseRow before, AttemptRecord attempt, JobState state, long? retries, long? due,
        long deaths, ReadOnlySpan<byte> result, string? reason, double? progress = null,
        string? progressMessage = null)
    {
        if (before.Attempts > 0)
        {
            _archiveAttempt.Bind(1, claim.Job).Run();
        }

        var isFinal = state.IsFinal;
        _writeCourse.Bind(1, claim.Job)
            .Bind(2, (long)state)
            .Bind(3, retries)
            .Bind(4, due)
            .Bind(5, deaths)
            .Bind(6, before.Attempts + 1)
            .Bind(7, attempt.Number)
            .Bind(8, (long)attempt.End)
            .Bind(9, StorageTime.From(attempt.StartedAt))
            .Bind(10, attempt.Duration.Ticks)
            .Bind(11, Words.Id(attempt.Worker))
            .Bind(12, claim.Stamp)
            .Bind(13, isFinal ? Now : null)
            .BindSome(14, result)
            .BindSome(15, AttemptColumns.FromError(attempt.Error))
            .BindSome(16, AttemptColumns.FromLogs(attempt.Logs))
            .Bind(17, reason)
            .Bind(18, isFinal ? progress ?? claim.Progress : null)
            .Bind(19, isFinal ? progress is null ? claim.ProgressMessage : progressMessage : null)
            .Run();
        if (isFinal)
        {
            CountEnd(claim.Queue, claim.Name, state);
        }
    }

    /// <summary>Ends a job without an attempt.</summary>
    internal void End(long job, long queue, long name, JobState state, string? reason)
    {
        _insertEnded.Bind(1, job).Bind(2, (long)state).Bind(3, Now).Bind(4, reason).Run();
        CountEnd(queue, name, state);
    }

    internal void ForgetEnded(int count) => _ended -= count;

    /// <summary>
    /// Ends a claim without an outcome: the attempt is remembered when its start was written, and the job goes to the
    /// front of its queue, to its end when its cancellation was asked for, or to the dead letters when
    /// <paramref name="deathReason"/> is given.
    /// </summary>
    /// <returns>Where the job stands now.</returns>
    internal JobState GiveBack(
        ClaimRow claim, AttemptEnd end, bool reclaimed, long deaths, in CourseRow before, string? deathReason)
    {
        var (state, reason) = deathReason is not null ? (JobState.Dead, deathReason)
            : claim.Cancel ? (JobState.Cancelled, claim.CancelReason)
            : (JobState.Queued, null);
        Unclaim(claim);
        var again = claim.Again;
        if (claim.StartedAt is { } startedAt)
        {
            var attempt = new AttemptRecord
            {
                Number = (int)before.Attempts + 1,
                End = end,
                StartedAt = StorageTime.To(startedAt),
                Duration = TimeSpan.FromTicks(Math.Max(0, Now - startedAt)),
                Worker = Words.Text(claim.Owner),
            };
            WriteCourse(
                state == JobState.Dead ? claim : claim with { Progress = null, ProgressMessage = null },
                before,
                attempt,
                state,
                before.Retries,
                due: null,
                deaths,
                result: default,
                reason);
            again = true;
        }
        else if (state.IsFinal)
        {
            End(claim.Job, claim.Queue, claim.Name, state, reason);
        }

        if (!state.IsFinal)
        {
            MakeReady(
                claim.Queue, reclaimed ? 0 : claim.Lane, claim.Priority, claim.Seq, claim.Job, claim.ReadyAt, again);
        }

        return state;
    }

    private void ReadStored()
    {
        _readMeta.Read();
        _stored = (_readMeta.Int64(0), _readMeta.Int64(1));
        _readMeta.Reset();
        (_ticket, _ended) = _stored;
        ReadClocks();
    }

    private void WriteStored()
    {
        Tally.Write();
        if (_stored != (_ticket, _ended))
        {
            _writeMeta.Bind(1, _ticket).Bind(2, _ended).Run();
        }
    }

    private void CountEnd(long queue, long name, JobState state)
    {
        Tally.Job(queue, name).AddEnd(state);
        _ended++;
    }
}
