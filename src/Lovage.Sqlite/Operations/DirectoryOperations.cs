using Lovage.Sqlite.Life;
using Lovage.Sqlite.Native;
using Lovage.Sqlite.Writing;
using Lovage.Storage;
using Lovage.Storage.Columns;

namespace Lovage.Sqlite.Operations;

/// <summary>Writes that a worker is alive, and removes those that have not beaten for too long.</summary>
/// <remarks>
/// As with a claim, a beat from before the host started again is dead, and it need not be on the disk: the worker beats
/// again soon, or it is gone too.
/// </remarks>
internal sealed class BeatOperation(WorkerBeat beat) : WriteOperation<bool>
{
    /// <summary>?1 boot, ?2 now by the monotonic clock of that boot, in units of 100 ns.</summary>
    private const string RemoveDead = "DELETE FROM lovage_worker WHERE boot <> ?1 OR until <= ?2";

    private const string HasNames = "SELECT 1 FROM lovage_name_set WHERE digest = ?1";

    private const string InsertNames = "INSERT INTO lovage_name_set(digest, names) VALUES (?1, ?2)";

    /// <summary>
    /// ?1 owner, ?2 boot, ?3 the end of the beat by the monotonic clock of that boot in units of 100 ns, ?4 now, ?5
    /// host, ?6 process id, ?7 version, ?8 start, ?9 queues as JSON, ?10 slots, ?11 running, ?12 digest of the names,
    /// ?13 whether it is quiet.
    /// </summary>
    private const string Beat = """
        INSERT INTO lovage_worker(owner, boot, until, beat_at, host, process, version, started_at, queues, slots,
          running, names, quiet)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
        ON CONFLICT (owner) DO UPDATE SET boot = excluded.boot, until = excluded.until, beat_at = excluded.beat_at,
          host = excluded.host, process = excluded.process, version = excluded.version,
          started_at = excluded.started_at, queues = excluded.queues, slots = excluded.slots,
          running = excluded.running, names = excluded.names, quiet = excluded.quiet
        """;

    internal override bool IsDurable => false;

    internal override void Run(WriteSession session)
    {
        var removed = session.Statement(RemoveDead).Bind(1, session.Boot).Bind(2, session.Monotonic).Run();
        if (!IsKnown(session.Statement(HasNames)))
        {
            session.Statement(InsertNames)
                .Bind(1, beat.Names.Digest)
                .BindBlob(2, TextList.ToJson(beat.Names.Entries))
                .Run();
        }

        session.Statement(Beat)
            .Bind(1, beat.Owner.Key)
            .Bind(2, session.Boot)
            .Bind(3, StorageTime.Add(session.Monotonic, WorkerDirectory.LiveTime))
            .Bind(4, session.Now)
            .Bind(5, beat.Host)
            .Bind(6, beat.Owner.ProcessId)
            .Bind(7, beat.Version)
            .Bind(8, StorageTime.From(beat.StartedAt))
            .BindBlob(9, TextList.ToJson(beat.Queues))
            .Bind(10, beat.Slots)
            .Bind(11, beat.Running)
            .Bind(12, beat.Names.Digest)
            .Bind(13, beat.IsQuiet ? 1 : 0)
            .Run();
        if (removed > 0)
        {
            LeaveOperation.RemoveUnusedNames(session);
        }
    }

    private bool IsKnown(SqliteStatement names)
    {
        var found = names.Bind(1, beat.Names.Digest).Read();
        names.Reset();
        return found;
    }
}

/// <summary>Removes a worker that stops.</summary>
internal sealed class LeaveOperation(WorkerOwner owner) : WriteOperation<bool>
{
    internal override bool IsDurable => false;

    internal override void Run(WriteSession session)
    {
        if (session.Statement("DELETE FROM lovage_worker WHERE owner = ?1").Bind(1, owner.Key).Run() > 0)
        {
            RemoveUnusedNames(session);
        }
    }

    /// <summary>Removes sets of names that no worker has any more.</summary>
    internal static void RemoveUnusedNames(WriteSession session) =>
        session.Statement("DELETE FROM lovage_name_set WHERE digest NOT IN (SELECT names FROM lovage_worker)").Run();
}
