using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Lovage.Storage.Columns;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>Writes and reads what people did.</summary>
internal sealed class AuditStatements(SchemaName schema)
{
    // $1: the time, then an array a column: $2 by whom, $3 action, $4 target, $5 before, $6 after, $7 reason, $8
    // source, $9 address. Nothing comes back.
    private const string Append = $"""
        WITH {Sql.Clock}
        INSERT INTO lovage.audit(number, at, actor, action, target, was, became, reason, source, address)
        SELECT nextval('lovage.ticket'), s.* FROM (
          SELECT clock.now, a.actor, a.action, a.target, a.was, a.became, a.reason, a.source, a.address
          FROM clock, unnest($2, $3, $4, $5, $6, $7, $8, $9) WITH ORDINALITY
            a(actor, action, target, was, became, reason, source, address, ord)
          ORDER BY a.ord) s
        """;

    // $1: the number before which to begin, $2: records at the most, then the filters.
    private const string Select =
        "SELECT a.number, a.at, a.actor, a.action, a.target, a.was, a.became, a.reason, a.source, a.address "
            + "FROM lovage.audit a WHERE a.number < $1";

    // $1: the time, $2: the age, $3: records at the most. Comes back: how many went.
    private const string Prune = $"""
        WITH {Sql.Clock},
        old AS MATERIALIZED (
          SELECT a.number FROM lovage.audit a WHERE a.at < (SELECT now FROM clock) - $2
          ORDER BY a.at LIMIT $3 FOR UPDATE SKIP LOCKED),
        gone AS (DELETE FROM lovage.audit a USING old WHERE a.number = old.number RETURNING 1)
        SELECT count(*) FROM gone
        """;

    private readonly string _append = schema.Sql(Append);
    private readonly string _prune = schema.Sql(Prune);

    internal Task AppendAsync(NpgsqlConnection connection, IReadOnlyList<AuditRecord> records, long? now) =>
        connection.ExecuteAsync(
            new Statement(_append).Add(now)
                .Add(Column(records, static record => record.By))
                .Add(Column(records, static record => record.Action))
                .Add(Column(records, static record => record.Target))
                .Add(Column(records, static record => record.Before))
                .Add(Column(records, static record => record.After))
                .Add(Column(records, static record => record.Reason))
                .Add(Column(records, static record => record.Source))
                .Add(Column(records, static record => record.Address)),
            CancellationToken.None);

    internal async Task<IReadOnlyList<AuditRecord>> ListAsync(
        NpgsqlConnection connection, AuditQuery query, CancellationToken cancellationToken)
    {
        // Only the conditions that apply are written, so that each text has its own plan over an index.
        var (sql, number) = (Select, 2);
        List<string> values = [];
        foreach (var (column, value) in (ReadOnlySpan<(string, string?)>)
            [("actor", query.By), ("action", query.Action), ("target", query.Target)])
        {
            if (value is not null)
            {
                sql += $" AND a.{column} = ${++number}";
                values.Add(value);
            }
        }

        var select = new Statement(schema.Sql($"{sql} ORDER BY a.number DESC LIMIT $2"))
            .Add(query.Before ?? long.MaxValue)
            .Add((long)query.Limit);
        values.ForEach(value => select.Add(value));
        await using var rows = await connection.ReadAsync(select, cancellationToken);
        var row = new Row(rows);
        var list = new List<AuditRecord>();
        while (await rows.ReadAsync(cancellationToken))
        {
            list.Add(AuditColumns.Read(row));
        }

        return list;
    }

    internal async Task<int> PruneAsync(NpgsqlConnection connection, TimeSpan age, int max, long? now) =>
        (int)await connection.ScalarAsync<long>(
            new Statement(_prune).Add(now).Add(StorageTime.Span(age)).Add((long)max), CancellationToken.None);

    private static string?[] Column(IReadOnlyList<AuditRecord> records, Func<AuditRecord, string?> value) =>
        [.. records.Select(value)];
}
