using Lovage.Redis.Connections;
using Lovage.Redis.Keys;
using Lovage.Redis.Reading;
using Lovage.Redis.Texts;
using Lovage.Storage;
using Lovage.Storage.Columns;

namespace Lovage.Redis;

/// <summary>The live workers of all processes, in Redis.</summary>
internal sealed class RedisWorkerDirectory(RedisServer server) : WorkerDirectory
{
    private readonly JobNameSets _sets = new();

    protected override async ValueTask BeatCoreAsync(WorkerBeat beat, CancellationToken cancellationToken)
    {
        var arguments = server.Arguments(4);
        arguments.Add(beat.Owner.Key);
        arguments.Add(TextRow.Write(
            beat.Owner.Key,
            beat.Host,
            beat.Owner.ProcessId,
            beat.Version,
            StorageTime.From(beat.StartedAt),
            null,
            TextList.ToJson(beat.Queues),
            beat.Slots,
            beat.Running,
            beat.IsQuiet));
        arguments.Add(beat.Names.Digest);
        arguments.Add(RedisTime.From(LiveTime));
        if ((await server.RunAsync(RedisScript.Beat, arguments, cancellationToken)).Value() == 0)
        {
            await server.CallAsync(
                database => database.HashSetAsync(
                    server.Names.Key("workers:names"), beat.Names.Digest, TextList.ToJson(beat.Names.Entries)),
                cancellationToken);
        }
    }

    protected override async ValueTask LeaveCoreAsync(WorkerOwner owner, CancellationToken cancellationToken)
    {
        var arguments = server.Arguments(1);
        arguments.Add(owner.Key);
        await server.RunAsync(RedisScript.Leave, arguments, cancellationToken);
    }

    protected override async ValueTask<IReadOnlyList<WorkerRecord>> ListCoreAsync(CancellationToken cancellationToken)
    {
        var arguments = server.Arguments(1);
        arguments.Add(RedisTime.From(LiveTime));
        var answer = (await server.RunAsync(RedisScript.Workers, arguments, cancellationToken)).Values();
        var workers = new List<WorkerRecord>(answer.Length / 3);
        for (var i = 0; i + 2 < answer.Length; i += 3)
        {
            var names = await NamesAsync(answer[i + 2].ToString(), cancellationToken);
            using var row = TextRow.Read(answer[i].ToString());
            workers.Add(WorkerColumns.Read(row, names) with { BeatAt = RedisTime.To(answer[i + 1]) });
        }

        return
        [
            .. workers.OrderBy(static worker => worker.StartedAt)
                .ThenBy(static worker => worker.Owner, StringComparer.Ordinal),
        ];
    }

    private async Task<JobNameSet> NamesAsync(string digest, CancellationToken cancellationToken)
    {
        if (_sets.TryFind(digest, out var known))
        {
            return known;
        }

        var entries = await server.CallAsync(
            database => database.HashGetAsync(server.Names.Key("workers:names"), digest), cancellationToken);

        // A worker's first beat stores its names a moment after itself.
        return entries.IsNull
            ? new JobNameSet([])
            : _sets.Add(digest, TextList.FromJson(((ReadOnlyMemory<byte>)entries).Span));
    }
}
