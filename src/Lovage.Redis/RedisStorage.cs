using Lovage.Redis.Connections;
using Lovage.Redis.Keys;
using Lovage.Redis.Signals;
using Lovage.Storage;

namespace Lovage.Redis;

/// <summary>
/// Jobs, schedules and signals in one database of a Redis server, in the queues and result records of Celery. Version
/// 6.2 of the server or later, no cluster. The server's clock judges leases and due times.
/// </summary>
/// <remarks>Safe for use by several threads once opened. Dispose it last, when no call is under way.</remarks>
public sealed class RedisStorage : JobStorage
{
    private readonly RedisServer _server;
    private readonly RedisSignals _signals;
    private readonly WakeConnection _wake;
    private readonly List<string> _warnings = [];
    private string? _description;

    /// <summary>Makes a storage without opening it.</summary>
    /// <param name="options">Which server, and how it is used.</param>
    /// <exception cref="ArgumentException">A prefix or the priority steps are not allowed.</exception>
    public RedisStorage(RedisStorageOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(options.Prefix);
        if (!RedisStorageOptions.AreSteps(options.PrioritySteps))
        {
            throw new ArgumentException("The priority steps rise from 0 to 9 at the most.", nameof(options));
        }

        var names = new RedisNames(options.Prefix, options.GlobalKeyPrefix, options.PrioritySteps);
        _server = new RedisServer(options.Configuration, names, new RedisClock(options.Clock));
        _signals = new RedisSignals(_server);
        _wake = new WakeConnection(_server, _signals.Woken);
        var broker = new RedisBroker(_server, _wake, _signals, options.Time);
        Broker = broker;
        Store = new RedisJobStore(_server, broker, _signals, options.Time);
        History = new RedisJobHistory(_server, broker);
        Schedules = new RedisScheduleStore(_server, broker, _signals, options.Time);
        Workers = new RedisWorkerDirectory(_server);
        Operations = new RedisOperationStore(_server, broker, _signals);
        Audit = new RedisAuditStore(_server, broker);
        Control = new RedisControlChannel(_server, _signals);
    }

    /// <inheritdoc/>
    public override string Description => _description ?? _server.Description;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings => _warnings;

    /// <inheritdoc/>
    public override JobBroker Broker { get; }

    /// <inheritdoc/>
    public override JobStore Store { get; }

    /// <inheritdoc/>
    public override JobHistory? History { get; }

    /// <inheritdoc/>
    public override WorkerDirectory? Workers { get; }

    /// <inheritdoc/>
    public override ScheduleStore? Schedules { get; }

    /// <inheritdoc/>
    public override OperationStore? Operations { get; }

    /// <inheritdoc/>
    public override AuditStore? Audit { get; }

    /// <inheritdoc/>
    public override ControlChannel? Control { get; }

    /// <inheritdoc/>
    public override SignalBus Signals => _signals;

    /// <inheritdoc/>
    public override async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        await _server.ConnectAsync(cancellationToken);
        var info = await _server.CallAsync(static database => database.ExecuteAsync("INFO"), cancellationToken);
        var facts = new ServerFacts((string?)info ?? "");
        facts.Require(_server.Description);
        _warnings.Clear();
        _warnings.AddRange(facts.Warnings());
        _description = $"{_server.Description} ({facts})";
        await _signals.StartAsync();
    }

    /// <inheritdoc/>
    public override async ValueTask PingAsync(CancellationToken cancellationToken) =>
        await _server.CallAsync(static database => database.PingAsync(), cancellationToken);

    /// <inheritdoc/>
    protected override async ValueTask DisposeCoreAsync()
    {
        await _wake.DisposeAsync();
        await _signals.DisposeAsync();
        await _server.DisposeAsync();
    }
}
