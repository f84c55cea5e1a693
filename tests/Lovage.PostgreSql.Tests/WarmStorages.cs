using System.Collections.Concurrent;
using System.Data.Common;
using Lovage.Specification;
using Lovage.Storage;

namespace Lovage.PostgreSql.Tests;

/// <summary>Two storages on one schema, which facts use one after the other, each with a clock of its own.</summary>
/// <remarks>
/// To make tables and to drop them again, some sixty files, and to open eight connections, each of which plans all
/// statements anew, took most of a fact's time. To delete the few rows that a fact leaves takes next to nothing.
/// </remarks>
internal sealed class WarmStorages : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly ConcurrentBag<WarmStorages> All = [];
    private static readonly ConcurrentDictionary<string, ConcurrentBag<WarmStorages>> Free = new(
        StringComparer.Ordinal);

    private readonly PostgreSqlServer _server;
    private readonly string _connectionString;
    private readonly string _schema = SchemaPool.Take();
    private readonly CurrentTime _time = new();
    private readonly Lazy<PostgreSqlStorage> _first;
    private readonly Lazy<PostgreSqlStorage> _second;

    private WarmStorages(PostgreSqlServer server, string connectionString)
    {
        _server = server;
        _connectionString = connectionString;
        _first = new(Open);
        _second = new(Open);
        All.Add(this);
        PostgreSqlServer.BeforeEnd = CloseAsync;
    }

    /// <summary>Storages that no other fact uses now.</summary>
    internal static WarmStorages Take(PostgreSqlServer server, string connectionString) =>
        FreeOf(connectionString).TryTake(out var free) ? free : new WarmStorages(server, connectionString);

    /// <summary>Gives them a new clock and opens the first of them.</summary>
    /// <param name="begin">How a fact begins a transaction of its own.</param>
    /// <param name="cleanUp">Called when the fact is done with them.</param>
    internal StorageScope Begin(Func<ValueTask<DbTransaction>> begin, Func<ValueTask> cleanUp)
    {
        _time.Clock = new ManualTimeProvider();
        _ = _first.Value;
        return new StorageScope(
            new SharedHandle(() => _first.Value), new SharedHandle(() => _second.Value), _time.Clock, cleanUp)
        {
            BeginAsync = begin,
        };
    }

    /// <summary>Empties the schema, waits until all signals have arrived, and lets the next fact have them.</summary>
    internal async Task ReturnAsync()
    {
        foreach (var storage in Opened())
        {
            await HearAllAsync(storage);
        }

        await SchemaPool.EmptyAsync(_server, _schema);
        FreeOf(_connectionString).Add(this);
    }

    /// <summary>Closes all of them.</summary>
    internal static async Task CloseAsync()
    {
        while (All.TryTake(out var warm))
        {
            await warm.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var storage in Opened())
        {
            await storage.DisposeAsync();
        }
    }

    private static ConcurrentBag<WarmStorages> FreeOf(string connectionString) =>
        Free.GetOrAdd(connectionString, static _ => []);

    private IEnumerable<PostgreSqlStorage> Opened() =>
        new[] { _first, _second }.Where(static storage => storage.IsValueCreated)
            .Select(static storage => storage.Value);

    private PostgreSqlStorage Open() => Task.Run(async () =>
    {
        var storage = new PostgreSqlStorage(new PostgreSqlStorageOptions
        {
            ConnectionString = _connectionString,
            Schema = _schema,
            Time = _time,
            Clock = _time,
        });
        await storage.OpenAsync(CancellationToken.None);
        return storage;
    }).GetAwaiter().GetResult();

    /// <summary>
    /// Signals reach a storage in the order in which they were sent: when one that it sends to itself is back, those of
    /// this fact are too.
    /// </summary>
    private static async Task HearAllAsync(PostgreSqlStorage storage)
    {
        if (storage.ListeningSession == 0)
        {
            return;
        }

        var signals = (Signals.PostgreSqlSignals)storage.Signals;
        var mark = new Signal(SignalKind.CancelRequested, null, JobId.Parse(Guid.NewGuid().ToString()));
        var heard = 0;
        var isBack = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listening = signals.Subscribe(
            signal =>
            {
                // First from here, then from the server.
                if (signal == mark && Interlocked.Increment(ref heard) == 2)
                {
                    isBack.SetResult();
                }
            },
            SignalKind.CancelRequested);
        signals.TellLate();
        signals.Send(mark);
        await isBack.Task.WaitAsync(Patience);
    }

    /// <summary>The clock of the fact that uses the storages now.</summary>
    private sealed class CurrentTime : TimeProvider
    {
        private ManualTimeProvider _clock = new();

        internal ManualTimeProvider Clock
        {
            get => Volatile.Read(ref _clock);
            set => Volatile.Write(ref _clock, value);
        }

        public override long TimestampFrequency => Clock.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => Clock.GetUtcNow();

        public override long GetTimestamp() => Clock.GetTimestamp();

        public override ITimer CreateTimer(
            TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            Clock.CreateTimer(callback, state, dueTime, period);
    }
}
