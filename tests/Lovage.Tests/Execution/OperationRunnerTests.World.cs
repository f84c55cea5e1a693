using Lovage.Diagnostics;
using Lovage.Execution;
using Lovage.Storage;

namespace Lovage.Tests.Execution;

/// <content>The world of the facts.</content>
public sealed partial class OperationRunnerTests
{
    /// <summary>A storage and processes that carry out operations, on one thread.</summary>
    private sealed class World : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Dictionary<string, CancellationTokenSource> _processes = [];

        internal World()
        {
            Of = new WorkerWorld(new WorkerSettings());
            Storage = new HookedStorage(Of.Memory, Of.Time);
        }

        internal WorkerWorld Of { get; }

        internal HookedStorage Storage { get; }

        internal void Start(string owner = "first")
        {
            var process = _processes[owner] = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            var report = new OperationReport(Of.Loggers.Guarded("Lovage.Operations"), Of.Outage);
            _ = Of.Begin(() => new OperationRunner(owner, Of.Time, report).RunAsync(Storage, process.Token));
        }

        internal void Stop(string owner = "first")
        {
            _processes[owner].Cancel();
            Of.Rest();
        }

        internal void Add(BulkOperation operation) => Do(
            async operations => await operations.AddAsync(operation, CancellationToken.None));

        internal void Do(Func<OperationStore, ValueTask<BulkOperation?>> call) => Of.Do(
            async () => await call(Of.Memory.Operations!));

        internal BulkOperation Stored(string id = "op")
        {
            BulkOperation? found = null;
            Do(async operations => found = await operations.FindAsync(id, CancellationToken.None));
            return found!;
        }

        internal BulkOperation UntilEnded(string id = "op")
        {
            Of.Until(() => Stored(id).State != BulkState.Running);
            return Stored(id);
        }

        internal List<JobId> Waiting(int count) => [.. Enumerable.Range(0, count).Select(_ => Of.Enqueue("n"))];

        internal List<JobId> Ended(int count)
        {
            var ids = Waiting(count);
            EndAgain(ids);
            return ids;
        }

        internal void EndAgain(IEnumerable<JobId> ids)
        {
            foreach (var part in ids.Chunk(1_000))
            {
                Of.Do(async () => await Of.Memory.Store.CancelAsync(part, null, CancellationToken.None));
            }
        }

        internal long Count(JobQuery query, int max = 10_000)
        {
            var count = default(BoundedCount);
            Of.Do(async () => count = await Of.Memory.History!.CountAsync(query, max, CancellationToken.None));
            return count.Value;
        }

        internal int[] Events() => [.. Of.Logs.Select(static line => line.Event).Where(static id => id / 1_000 == 6)];

        public void Dispose()
        {
            _stop.Cancel();
            Of.Rest();
            Of.Dispose();
            foreach (var process in _processes.Values)
            {
                process.Dispose();
            }

            _stop.Dispose();
        }
    }
}
