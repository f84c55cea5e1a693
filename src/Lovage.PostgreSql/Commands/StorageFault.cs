using System.Net.Sockets;
using Npgsql;

namespace Lovage.PostgreSql.Commands;

/// <summary>
/// PostgreSQL's errors as <see cref="StorageException"/>s that say what to do
/// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
/// </summary>
internal static class StorageFault
{
    /// <summary>
    /// Connection exceptions. PgBouncer reports every fault as one, the loss of its session with the server included.
    /// </summary>
    private const string PoolerClass = "08";

    /// <summary>How often one call is tried at the most.</summary>
    internal const int CallTriesMax = 5;

    private const string IdleInTransactionTimeout = "25P03";
    private const string TransactionTimeout = "25P04";

    internal static bool IsFault(Exception fault) =>
        fault is NpgsqlException or SocketException or IOException or TimeoutException or ObjectDisposedException;

    /// <summary>
    /// True when the server undid the statement because of others, or because its session was ended, most often while
    /// it was idle: the statement can be repeated at once.
    /// </summary>
    internal static bool IsUndone(Exception fault) => fault is PostgresException
    {
        SqlState: PostgresErrorCodes.DeadlockDetected
            or PostgresErrorCodes.SerializationFailure
            or PostgresErrorCodes.AdminShutdown
            or PostgresErrorCodes.CrashShutdown
    };

    /// <summary>
    /// True when the connection is lost, or its session is of no more use, so that the server may be another one from
    /// now on.
    /// </summary>
    internal static bool IsBroken(Exception fault) =>
        fault is not PostgresException answer
        || (answer.SqlState[..2] is "57" or PoolerClass && answer.SqlState is not PostgresErrorCodes.QueryCanceled)
        || IsOfSession(fault);

    /// <summary>
    /// True when the answer is about the session and not about the statement: the same statement may succeed in a new
    /// session. The server may have become a standby, a setting of the role may have changed, or what was prepared in
    /// the session may be gone.
    /// </summary>
    internal static bool IsOfSession(Exception fault) => fault is PostgresException answer
        && (answer.SqlState is PostgresErrorCodes.ReadOnlySqlTransaction
                or PostgresErrorCodes.InvalidSqlStatementName
                or PostgresErrorCodes.DuplicatePreparedStatement
                or IdleInTransactionTimeout
                or TransactionTimeout
            || (answer.SqlState == PostgresErrorCodes.FeatureNotSupported
                && answer.MessageText.Contains("cached plan", StringComparison.Ordinal)));

    /// <summary>How often a call is made at the most that ended so.</summary>
    internal static int TriesMax(Exception fault) => IsUndone(fault) ? CallTriesMax : IsOfSession(fault) ? 2 : 1;

    internal static StorageException From(Exception fault, string description)
    {
        var (what, isTransient) = fault is PostgresException answer ? From(answer)
            : fault is ObjectDisposedException ? ("is closed.", false)
            : (
                "cannot be reached, or does not answer. Check that the server runs and that host, port and firewall "
                    + "are right; the call can be repeated.",
                true);
        var cause = fault is PostgresException { SqlState: var state, MessageText: var message }
            ? $"PostgreSQL {state}: {message}"
            : fault.Message;
        return new StorageException($"The storage {description} {what} ({cause})", isTransient, fault);
    }

    private static (string What, bool IsTransient) From(PostgresException answer) => answer.SqlState switch
    {
        // What PgBouncer says to any transaction.
        PostgresErrorCodes.ProtocolViolation when answer.MessageText.Contains(
            "statement pooling", StringComparison.Ordinal) =>
            (
                "stands behind a pooler that takes single statements only. Set its pool_mode to transaction for this "
                    + "database, or reach the server without it.",
                false),
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
            ("refuses the user or the password. Check Lovage:Storage.", false),
        PostgresErrorCodes.InvalidCatalogName =>
            ("is not there: the server has no such database. Create it, or correct Lovage:Storage.", false),
        PostgresErrorCodes.UndefinedTable
            or PostgresErrorCodes.UndefinedColumn
            or PostgresErrorCodes.InvalidSchemaName
            or PostgresErrorCodes.UndefinedObject =>
            (
                "lacks Lovage's tables, or they were changed. Bring the schema up to date with "
                    + "PostgreSqlSchema.MigrateAsync.",
                false),
        PostgresErrorCodes.InsufficientPrivilege =>
            ("does not allow this to the user. Grant it what PostgreSqlSchema.Grants prints.", false),
        PostgresErrorCodes.ReadOnlySqlTransaction =>
            ("can only be read at the moment: it is a standby. The call can be repeated once it is promoted.", true),
        PostgresErrorCodes.TooManyConnections => (
            "has no connection left. Raise max_connections, or lower the pools of others; the call can be repeated.",
            true),
        PostgresErrorCodes.DiskFull =>
            ("cannot grow: its disk is full. Nothing was accepted; free some space and repeat the call.", true),
        PostgresErrorCodes.UniqueViolation => (
            "has keys that its sequence gives out again, as after a restore of a part of the schema. Run SELECT "
                + "setval('SCHEMA.ticket', (SELECT max(key) FROM SCHEMA.message) + 1000000) with the schema's name, "
                + "and repeat the call.",
            false),
        PostgresErrorCodes.QueryCanceled => ("took too long and was stopped; the call can be repeated.", true),
        _ => answer.SqlState[..2] switch
        {
            PoolerClass or "57" => ("has gone away; the call can be repeated.", true),
            "40" or "55" => ("was busy with the same rows; the call can be repeated.", true),
            "53" => ("is short of resources; the call can be repeated.", true),
            "58" => ("reports a fault of its system. Check the server's log; the call can be repeated.", true),
            _ => ("could not be used.", false),
        },
    };
}
