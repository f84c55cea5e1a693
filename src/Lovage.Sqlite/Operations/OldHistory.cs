using Lovage.Sqlite.Life;
using Lovage.Sqlite.Schema;
using Lovage.Storage;
using Lovage.Storage.Plans;

namespace Lovage.Sqlite.Operations;

/// <summary>Removes what is kept of hours, of failures and of blocks once its time is over.</summary>
internal static class OldHistory
{
    /// <summary>?1 hour, ?2 step, ?3 time. Comes back: whether there is anything older than one of them.</summary>
    private const string SelectHasOld = """
        SELECT EXISTS (SELECT 1 FROM lovage_hour WHERE hour < ?1)
          OR EXISTS (SELECT 1 FROM lovage_failure_step WHERE step < ?2)
          OR EXISTS (SELECT 1 FROM lovage_failure WHERE last_at < ?3)
        """;

    private const string DeleteHours = "DELETE FROM lovage_hour WHERE hour < ?1";
    private const string DeleteSteps = "DELETE FROM lovage_failure_step WHERE step < ?1";
    private const string DeleteStepsOf = "DELETE FROM lovage_failure_step WHERE fingerprint = ?1";
    private const string DeleteFailures = "DELETE FROM lovage_failure WHERE last_at < ?1 RETURNING fingerprint";

    /// <summary>?1 block, ?2 its first key, ?3 that of the next one.</summary>
    private const string DeleteEmptyBlock = """
        DELETE FROM lovage_block WHERE block = ?1
          AND NOT EXISTS (SELECT 1 FROM lovage_message WHERE key >= ?2 AND key < ?3)
        """;

    internal static bool HasAny(WriteSession session)
    {
        var look = session.Statement(SelectHasOld)
            .Bind(1, OldestHour(session))
            .Bind(2, FailureWindows.OldestStep(session.Now))
            .Bind(3, session.Now - JobHistory.FailuresKept.Ticks);
        look.Read();
        var found = look.Int64(0) != 0;
        look.Reset();
        return found;
    }

    internal static void Remove(WriteSession session)
    {
        session.Statement(DeleteHours).Bind(1, OldestHour(session)).Run();
        session.Statement(DeleteSteps).Bind(1, FailureWindows.OldestStep(session.Now)).Run();
        var gone = new List<string>();
        var failures = session.Statement(DeleteFailures).Bind(1, session.Now - JobHistory.FailuresKept.Ticks);
        while (failures.Read())
        {
            gone.Add(failures.Text(0));
        }

        foreach (var fingerprint in gone)
        {
            session.Statement(DeleteStepsOf).Bind(1, fingerprint).Run();
        }
    }

    /// <summary>Removes the rows of blocks that no job is left in, after jobs were deleted.</summary>
    /// <remarks>The newest block gets more jobs, whose words count as written already: it stays.</remarks>
    internal static void RemoveBlocks(WriteSession session, IEnumerable<long> deleted)
    {
        var newest = Tables.BlockOf(session.PeekTicket());
        foreach (var block in deleted.Select(Tables.BlockOf).Distinct().Where(block => block < newest))
        {
            session.Statement(DeleteEmptyBlock)
                .Bind(1, block)
                .Bind(2, Tables.FirstKeyOf(block))
                .Bind(3, Tables.FirstKeyOf(block + 1))
                .Run();
        }
    }

    // The hour that holds the oldest instant kept stays, unless it begins before that instant.
    private static long OldestHour(WriteSession session) =>
        Tables.HourOf(session.Now - JobHistory.StatisticsKept.Ticks - 1) + 1;
}
