using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Connections;
using Lovage.PostgreSql.Schema;
using Lovage.PostgreSql.Signals;
using Lovage.Storage;

namespace Lovage.PostgreSql;

/// <summary>
/// Jobs, schedules and signals in one schema of a PostgreSQL database, which any number of hosts share. Version 14 of
/// the server or later. The server's clock judges leases and due times.
/// </summary>
/// <remarks>Safe for use by several threads once opened. Dispose it last, when no call is under way.</remarks>
public sealed class PostgreSqlStorage : JobStorage
{
    /// <summary>The first whose <c>extract(epoch ...)</c> is exact.</summary>
    private const int ServerVersionMin = 14;

    private readonly PostgreSqlStorageOptions _options;
    private readonly PostgreSqlSignals _signals;
    private readonly PostgreSqlTransactions _transactions;
    private readonly List<string> _warnings = [];
    private string? _description;

    /// <summary>Makes a storage without opening it.</summary>
    /// <param name="options">Which database, and how it is used.</param>
    /// <exception cref="ArgumentException">The connection string, the schema's name or the number of calls is not
    /// allowed.</exception>
    public PostgreSqlStorage(PostgreSqlStorageOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.CallsMax, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.CallsMax, PostgreSqlStorageOptions.CallsLimit);
        _options = options;
        var (time, clock) = (options.Time, new ServerClock(options.Clock));
        Database = new Database(options.ConnectionString, new SchemaName(options.Schema), options.CallsMax);
        _signals = new PostgreSqlSignals(Database);
        _transactions = new PostgreSqlTransactions(Database, clock, _signals, time);
        Broker = new PostgreSqlBroker(Database, clock, _signals, options.Wire, time);
        Store = new PostgreSqlJobStore(Database, clock, _signals, time);
        History = new PostgreSqlJobHistory(Database, clock);
        Schedules = new PostgreSqlScheduleStore(Database, clock, _signals, time);
        Workers = new PostgreSqlWorkerDirectory(Database, clock);
        Operations = new PostgreSqlOperationStore(Database, clock, _signals);
        Audit = new PostgreSqlAuditStore(Database, clock);
        Control = new PostgreSqlControlChannel(Database, clock, _signals);
    }

    /// <inheritdoc/>
    public override string Description => _description ?? Database.Description;

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
    public override JobTransactions? Transactions => _transactions;

    internal Database Database { get; }

    /// <summary>The number of the session that listens for signals; 0 while none does.</summary>
    internal int ListeningSession => _signals.Session;

    /// <inheritdoc/>
    public override async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        var version = await Database.OpenAsync(cancellationToken);
        if (version.Major < ServerVersionMin)
        {
            throw new StorageException(
                $"The storage {Database.Description} runs PostgreSQL {version}; {ServerVersionMin} or later is needed.",
                isTransient: false);
        }

        _warnings.Clear();
        await Database.CallAsync(
            async connection =>
            {
                await new Migration(Database.Schema, Database.Description).RunAsync(
                    connection,
                    mayMake: _options.Migration != PostgreSqlMigration.Never,
                    mayChange: _options.Migration == PostgreSqlMigration.Always,
                    cancellationToken);
                await WarnAsync(connection, cancellationToken);
                return true;
            },
            cancellationToken);
        await _transactions.LearnAsync();
        _description = $"{Database.Description} (PostgreSQL {version})".Replace(") (", ", ", StringComparison.Ordinal);
        if (_options.Hints == PostgreSqlHints.Auto && Database.IsDirect)
        {
            await ListenAsync(cancellationToken);
        }
        else if (_options.Hints == PostgreSqlHints.Auto)
        {
            _warnings.Add(
                "A pooler such as PgBouncer stands before PostgreSQL. Signals do not pass it: workers find jobs of "
                    + "other "
                    + "processes by polling only.");
        }
    }

    /// <inheritdoc/>
    public override async ValueTask PingAsync(CancellationToken cancellationToken) =>
        await Database.CallAsync(
            connection => connection.ScalarAsync<int>(new Statement("SELECT 1"), cancellationToken), cancellationToken);

    /// <inheritdoc/>
    protected override async ValueTask DisposeCoreAsync()
    {
        await _signals.DisposeAsync();
        await Database.DisposeAsync();
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _signals.StartAsync(cancellationToken);
        }
        catch (Exception fault) when (StorageFault.IsFault(fault))
        {
            throw StorageFault.From(fault, Database.Description);
        }
    }

    private async Task WarnAsync(Npgsql.NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (await connection.ScalarAsync<string>(new Statement("SELECT current_setting('fsync')"), cancellationToken)
            == "off")
        {
            _warnings.Add(
                "The server runs with fsync=off: all of the database may be lost in a power cut or a crash of the "
                    + "operating system.");
        }

        if (await connection.ScalarAsync<string>(
            new Statement("SELECT current_setting('synchronous_commit')"), cancellationToken) == "off")
        {
            _warnings.Add(
                "The server runs with synchronous_commit=off: jobs accepted in the last moments before a crash of the "
                    + "server may be lost.");
        }
    }
}
