using Lovage.Storage.Columns;

namespace Lovage.PostgreSql.Schema;

/// <summary>The tables of bulk operations, of audit records, and of commands for workers.</summary>
internal static class ConsoleTables
{
    internal static readonly string Sql = $"""

        -- Bulk operations. "filter" is JSON; "queue" and "priority" say where jobs are moved to; "owner" holds the
        -- operation until "until".
        CREATE TABLE lovage.operation(
          key bigint PRIMARY KEY, created_at bigint NOT NULL, reported_at bigint, finished_at bigint, until bigint,
          spread bigint NOT NULL, expected bigint NOT NULL, done bigint NOT NULL, skipped bigint NOT NULL,
          priority integer, action smallint NOT NULL, state smallint NOT NULL, exact boolean NOT NULL,
          cancel boolean NOT NULL DEFAULT false, id text COLLATE "C" NOT NULL UNIQUE, filter bytea NOT NULL,
          queue text, actor text NOT NULL, reason text, error text, next text, owner text COLLATE "C");
        CREATE INDEX operation_finished ON lovage.operation(finished_at) WHERE finished_at IS NOT NULL;
        CREATE INDEX operation_running ON lovage.operation(key) WHERE {BulkStates.IsRunning};

        -- What people did.
        CREATE TABLE lovage.audit(
          number bigint PRIMARY KEY, at bigint NOT NULL, actor text COLLATE "C" NOT NULL,
          action text COLLATE "C" NOT NULL, target text COLLATE "C" NOT NULL, was text, became text, reason text,
          source text NOT NULL, address text);
        CREATE INDEX audit_at ON lovage.audit(at);
        CREATE INDEX audit_actor ON lovage.audit(actor, number);
        CREATE INDEX audit_action ON lovage.audit(action, number);
        CREATE INDEX audit_target ON lovage.audit(target, number);

        -- Commands for workers, and their replies.
        CREATE TABLE lovage.command(
          number bigint PRIMARY KEY, until bigint NOT NULL, deadline bigint NOT NULL, slots integer,
          name text NOT NULL, target text COLLATE "C", queue text);
        CREATE TABLE lovage.reply(
          command bigint NOT NULL, is_done boolean NOT NULL, worker text COLLATE "C" NOT NULL, text text NOT NULL,
          PRIMARY KEY (command, worker));
        """;
}

/// <summary>The numbers of <see cref="BulkState"/> as statements write them.</summary>
internal static class BulkStates
{
    internal static string Cancelled { get; } = StoredNumbers.Of(BulkState.Cancelled);

    internal static string Running { get; } = StoredNumbers.Of(BulkState.Running);

    /// <summary>A condition on an operation: it has not ended.</summary>
    internal static string IsRunning { get; } = $"state = {Running}";
}
