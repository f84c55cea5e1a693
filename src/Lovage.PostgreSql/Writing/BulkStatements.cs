using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Lovage.Storage.Columns;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>Writes and reads bulk operations, and lends them to processes.</summary>
internal sealed class BulkStatements(SchemaName schema)
{
    /// <summary>The columns that <see cref="OperationColumns"/> reads.</summary>
    private const string Columns =
        "o.id, o.action, o.filter, o.queue, o.priority, o.actor, o.reason, o.spread, o.expected, o.exact, "
            + "o.created_at, o.reported_at, o.finished_at, o.state, o.done, o.skipped, o.error, o.next, o.cancel, "
            + "o.key";

    /// <summary>A condition on an operation: no live process holds it.</summary>
    private const string IsFree = "(o.owner IS NULL OR o.until <= (SELECT now FROM clock))";

    // $1: the time, then of the operation: $2 id, $3 action, $4 filter, $5 queue, $6 priority, $7 by whom, $8 reason,
    // $9 spread, $10 expected, $11 whether that is exact. Comes back: its columns, unless the id is known.
    private static readonly string Add = $"""
        WITH {Sql.Clock}
        INSERT INTO lovage.operation AS o (key, created_at, id, action, filter, queue, priority, actor, reason, spread,
          expected, exact, state, done, skipped)
        SELECT nextval('lovage.ticket'), now, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, {BulkStates.Running}, 0, 0
        FROM clock ON CONFLICT (id) DO NOTHING RETURNING {Columns}
        """;

    // $1: the id.
    private const string Find = $"SELECT {Columns} FROM lovage.operation o WHERE o.id = $1";

    // $1: the key below which to begin, $2: operations at the most.
    private const string List =
        $"SELECT {Columns} FROM lovage.operation o WHERE o.key < $1 ORDER BY o.key DESC LIMIT $2";

    // $1: the time, $2: the owner, $3: the lease. Comes back: the operation that it holds now.
    private static readonly string Take = $"""
        WITH {Sql.Clock},
        taken AS MATERIALIZED (
          SELECT o.key FROM lovage.operation o WHERE o.{BulkStates.IsRunning} AND (o.owner = $2 OR {IsFree})
          ORDER BY o.owner IS DISTINCT FROM $2, o.key LIMIT 1 FOR UPDATE SKIP LOCKED)
        UPDATE lovage.operation o SET owner = $2, until = clock.now + $3, reported_at = clock.now
        FROM taken, clock WHERE o.key = taken.key RETURNING {Columns}
        """;

    // $1: the time, $2: the owner, $3: the lease, $4: the id, $5: state, $6: done, $7: skipped, $8: error, $9: next.
    // Comes back: the operation, where the owner holds it.
    private static readonly string Report = $"""
        WITH {Sql.Clock}
        UPDATE lovage.operation o SET state = $5, done = $6, skipped = $7, error = $8, next = $9,
          reported_at = clock.now, until = clock.now + $3,
          finished_at = CASE WHEN $5 <> {BulkStates.Running} THEN clock.now END,
          owner = CASE WHEN $5 = {BulkStates.Running} THEN $2 END,
          cancel = o.cancel AND $5 = {BulkStates.Running}
        FROM clock WHERE o.id = $4 AND o.owner = $2 AND o.{BulkStates.IsRunning} RETURNING {Columns}
        """;

    // $1: the time, $2: the id. Comes back: the operation, where it had not ended.
    private static readonly string Cancel = $"""
        WITH {Sql.Clock}
        UPDATE lovage.operation o SET
          state = CASE WHEN {IsFree} THEN {BulkStates.Cancelled} ELSE o.state END,
          finished_at = CASE WHEN {IsFree} THEN clock.now END,
          owner = CASE WHEN {IsFree} THEN NULL ELSE o.owner END,
          cancel = NOT {IsFree}
        FROM clock WHERE o.id = $2 AND o.{BulkStates.IsRunning} RETURNING {Columns}
        """;

    // $1: the time, $2: the age, $3: operations at the most. Comes back: how many went.
    private const string Prune = $"""
        WITH {Sql.Clock},
        old AS MATERIALIZED (
          SELECT o.key FROM lovage.operation o WHERE o.finished_at < (SELECT now FROM clock) - $2
          ORDER BY o.finished_at LIMIT $3 FOR UPDATE SKIP LOCKED),
        gone AS (DELETE FROM lovage.operation o USING old WHERE o.key = old.key RETURNING 1)
        SELECT count(*) FROM gone
        """;

    private readonly string _add = schema.Sql(Add);
    private readonly string _find = schema.Sql(Find);
    private readonly string _list = schema.Sql(List);
    private readonly string _take = schema.Sql(Take);
    private readonly string _report = schema.Sql(Report);
    private readonly string _cancel = schema.Sql(Cancel);
    private readonly string _prune = schema.Sql(Prune);

    internal async Task<BulkOperation> AddAsync(NpgsqlConnection connection, BulkOperation operation, long? now)
    {
        var add = new Statement(_add).Add(now).Add(operation.Id).Add((short)operation.Action)
            .Add(JobQueryJson.ToJson(operation.Filter)).Add(operation.Target?.Queue).Add(operation.Target?.Priority)
            .Add(operation.By).Add(operation.Reason).Add(operation.Spread.Ticks).Add(operation.Expected.Value)
            .Add(operation.Expected.IsExact);
        return await OneAsync(connection, add, CancellationToken.None)
            ?? await FindAsync(connection, operation.Id, CancellationToken.None)
            ?? throw new StorageException(
                "The operation was removed while it was added; the call can be repeated.", isTransient: true);
    }

    internal Task<BulkOperation?> FindAsync(
        NpgsqlConnection connection, string id, CancellationToken cancellationToken) =>
        OneAsync(connection, new Statement(_find).Add(id), cancellationToken);

    internal async Task<IReadOnlyList<BulkOperation>> ListAsync(
        NpgsqlConnection connection, long? before, int max, CancellationToken cancellationToken)
    {
        await using var rows = await connection.ReadAsync(
            new Statement(_list).Add(before ?? long.MaxValue).Add((long)max), cancellationToken);
        var row = new Row(rows);
        var list = new List<BulkOperation>();
        while (await rows.ReadAsync(cancellationToken))
        {
            list.Add(OperationColumns.Read(row));
        }

        return list;
    }

    internal Task<BulkOperation?> TakeAsync(NpgsqlConnection connection, string owner, TimeSpan lease, long? now) =>
        OneAsync(
            connection,
            new Statement(_take).Add(now).Add(owner).Add(StorageTime.Span(lease)),
            CancellationToken.None);

    internal Task<BulkOperation?> ReportAsync(
        NpgsqlConnection connection, string owner, BulkOperation operation, TimeSpan lease, long? now) =>
        OneAsync(
            connection,
            new Statement(_report).Add(now).Add(owner).Add(StorageTime.Span(lease)).Add(operation.Id)
                .Add((short)operation.State).Add(operation.Done).Add(operation.Skipped).Add(operation.Error)
                .Add(operation.Next),
            CancellationToken.None);

    internal async Task<BulkOperation?> CancelAsync(NpgsqlConnection connection, string id, long? now) =>
        await OneAsync(connection, new Statement(_cancel).Add(now).Add(id), CancellationToken.None)
            ?? await FindAsync(connection, id, CancellationToken.None);

    internal async Task<int> PruneAsync(NpgsqlConnection connection, TimeSpan age, int max, long? now) =>
        (int)await connection.ScalarAsync<long>(
            new Statement(_prune).Add(now).Add(StorageTime.Span(age)).Add((long)max), CancellationToken.None);

    private static async Task<BulkOperation?> OneAsync(
        NpgsqlConnection connection, Statement statement, CancellationToken cancellationToken)
    {
        await using var rows = await connection.ReadAsync(statement, cancellationToken);
        return await rows.ReadAsync(cancellationToken) ? OperationColumns.Read(new Row(rows)) : null;
    }
}
