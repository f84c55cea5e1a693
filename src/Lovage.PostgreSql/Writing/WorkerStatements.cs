using System.Data.Common;
using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Writing;

/// <summary>Writes and reads the directory of live workers.</summary>
internal sealed class WorkerStatements(SchemaName schema)
{
    // $1: the time, $2: how long a worker is listed after its last beat, in units of 100 ns; then of the worker: $3
    // owner, $4 start in units of 100 ns since 1970, $5 process, $6 slots, $7 running, $8 host, $9 version, $10 digest
    // of its names, $11 queues, $12 whether it is quiet. Comes back: whether the names of this digest are stored.
    // Sets that no worker knows any more go with the last one. A worker whose set went in the same moment stores it
    // again at its next beat.
    private const string Beat = $"""
        WITH {Sql.Clock},
        beating AS (
          INSERT INTO lovage.worker AS w (owner, started_at, beat_at, process, slots, running, host, version, digest,
            queues, quiet)
          SELECT $3, $4, clock.now, $5, $6, $7, $8, $9, $10, $11, $12 FROM clock
          ON CONFLICT (owner) DO UPDATE SET started_at = excluded.started_at, beat_at = excluded.beat_at,
            process = excluded.process, slots = excluded.slots, running = excluded.running, host = excluded.host,
            version = excluded.version, digest = excluded.digest, queues = excluded.queues,
            quiet = excluded.quiet),
        old AS MATERIALIZED (
          SELECT w.owner FROM lovage.worker w WHERE w.owner <> $3 AND w.beat_at <= (SELECT now FROM clock) - $2
            FOR UPDATE SKIP LOCKED),
        dead AS (DELETE FROM lovage.worker w USING old WHERE w.owner = old.owner RETURNING w.owner, w.digest),
        unknown AS (
          DELETE FROM lovage.name_set n USING dead WHERE n.digest = dead.digest AND n.digest <> $10
            AND NOT EXISTS (SELECT 1 FROM lovage.worker w WHERE w.digest = n.digest
              AND w.owner NOT IN (SELECT owner FROM dead)))
        SELECT EXISTS (SELECT 1 FROM lovage.name_set WHERE digest = $10)
        """;

    // $1: a digest, $2: its entries. Nothing comes back.
    private const string WriteNames =
        "INSERT INTO lovage.name_set(digest, names) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING";

    // $1: the owner. Nothing comes back.
    private const string Leave = """
        WITH left_now AS (DELETE FROM lovage.worker WHERE owner = $1 RETURNING digest)
        DELETE FROM lovage.name_set n USING left_now l WHERE n.digest = l.digest
          AND NOT EXISTS (SELECT 1 FROM lovage.worker w WHERE w.digest = n.digest AND w.owner <> $1)
        """;

    // $1: the time, $2: how long a worker is listed after its last beat, in units of 100 ns. Comes back a row a worker.
    private const string List = $"""
        SELECT w.owner, w.host, w.process, w.version, w.started_at, w.beat_at, w.queues, w.slots, w.running, w.digest,
          w.quiet
        FROM lovage.worker w WHERE w.beat_at > {Sql.Now} - $2 ORDER BY w.started_at, w.owner
        """;

    // $1: digests. Comes back a row a set that is stored.
    private const string ReadNames = "SELECT digest, names FROM lovage.name_set WHERE digest = ANY ($1)";

    private static readonly long Live = WorkerDirectory.LiveTime.Ticks;

    private readonly string _beat = schema.Sql(Beat);
    private readonly string _writeNames = schema.Sql(WriteNames);
    private readonly string _leave = schema.Sql(Leave);
    private readonly string _list = schema.Sql(List);
    private readonly string _readNames = schema.Sql(ReadNames);
    private readonly JobNameSets _sets = new();

    internal async Task BeatAsync(NpgsqlConnection connection, WorkerBeat beat, long? now)
    {
        var statement = new Statement(_beat)
            .Add(now)
            .Add(Live)
            .Add(beat.Owner.Key)
            .Add(StorageTime.From(beat.StartedAt))
            .Add(beat.Owner.ProcessId)
            .Add(beat.Slots)
            .Add(beat.Running)
            .Add(beat.Host)
            .Add(beat.Version)
            .Add(beat.Names.Digest)
            .Add([.. beat.Queues])
            .Add(beat.IsQuiet);
        if (!await connection.ScalarAsync<bool>(statement, CancellationToken.None))
        {
            await connection.ExecuteAsync(
                new Statement(_writeNames).Add(beat.Names.Digest).Add([.. beat.Names.Entries]), CancellationToken.None);
        }
    }

    internal Task LeaveAsync(NpgsqlConnection connection, WorkerOwner owner) =>
        connection.ExecuteAsync(new Statement(_leave).Add(owner.Key), CancellationToken.None);

    internal async Task<IReadOnlyList<WorkerRecord>> ListAsync(
        NpgsqlConnection connection, long? now, CancellationToken cancellationToken)
    {
        var workers = new List<(WorkerRecord Worker, string Digest)>();
        await using (var rows = await connection.ReadAsync(new Statement(_list).Add(now).Add(Live), cancellationToken))
        {
            while (await rows.ReadAsync(cancellationToken))
            {
                workers.Add((await ReadAsync(rows, cancellationToken), rows.GetString(9)));
            }
        }

        var sets = await SetsAsync(
            connection, [.. workers.Select(static one => one.Digest).Distinct()], cancellationToken);
        return [.. workers.Select(one => sets.TryGetValue(one.Digest, out var known)
            ? one.Worker with { Names = known.Names, Parameters = known.Parameters, Jobs = known.Jobs }
            : one.Worker)];
    }

    private static async Task<WorkerRecord> ReadAsync(DbDataReader rows, CancellationToken cancellationToken) => new()
    {
        Owner = rows.GetString(0),
        Host = rows.GetString(1),
        ProcessId = rows.GetInt32(2),
        Version = rows.GetString(3),
        StartedAt = StorageTime.To(rows.GetInt64(4)),
        BeatAt = StorageTime.To(rows.GetInt64(5)),
        Queues = await rows.GetFieldValueAsync<string[]>(6, cancellationToken),
        Slots = rows.GetInt32(7),
        Running = rows.GetInt32(8),
        IsQuiet = rows.GetBoolean(10),
        Names = [],
    };

    /// <summary>The sets by digest; one that has gone meanwhile, with its last worker, is missing.</summary>
    private async Task<Dictionary<string, JobNameSet>> SetsAsync(
        NpgsqlConnection connection, string[] digests, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, JobNameSet>(StringComparer.Ordinal);
        foreach (var digest in digests)
        {
            if (_sets.TryFind(digest, out var known))
            {
                found.Add(digest, known);
            }
        }

        string[] missing = [.. digests.Where(digest => !found.ContainsKey(digest))];
        if (missing.Length == 0)
        {
            return found;
        }

        await using var rows = await connection.ReadAsync(new Statement(_readNames).Add(missing), cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            var digest = rows.GetString(0);
            found.Add(digest, _sets.Add(digest, await rows.GetFieldValueAsync<string[]>(1, cancellationToken)));
        }

        return found;
    }
}
