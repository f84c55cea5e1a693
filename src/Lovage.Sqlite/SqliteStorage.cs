using System.Globalization;
using Lovage.Sqlite.Files;
using Lovage.Sqlite.Native;
using Lovage.Sqlite.Reading;
using Lovage.Sqlite.Schema;
using Lovage.Sqlite.Writing;
using Lovage.Storage;

namespace Lovage.Sqlite;

/// <summary>
/// Jobs in one SQLite file, which the processes of one host may share. One thread of each process does all its writing,
/// many calls to a transaction; reading goes on beside it.
/// </summary>
/// <remarks>Safe for use by several threads once opened. Dispose it last, when no call is under way.</remarks>
public sealed class SqliteStorage : JobStorage
{
    private readonly SqliteStorageOptions _options;
    private readonly SqliteSignals _signals = new();
    private readonly StorageClock _clock;
    private readonly Words _words = new();
    private readonly SqliteBroker _broker;
    private readonly SqliteJobStore _store;
    private readonly SqliteScheduleStore _schedules;
    private readonly SqliteTransactions _transactions;
    private Writer? _writer;
    private Readers? _readers;
    private SignalWatch? _watch;
    private List<string> _warnings = [];

    /// <summary>Makes a storage without opening it.</summary>
    /// <param name="options">Which file, and how it is used.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public SqliteStorage(SqliteStorageOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(
            options.TransactionLimit, SqliteStorageOptions.TransactionLimitMin, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            options.TransactionLimit, SqliteStorageOptions.TransactionLimitMax, nameof(options));
        _options = options;
        _clock = new StorageClock(options.Time);
        _broker = new SqliteBroker(this, _signals, options.Time);
        _store = new SqliteJobStore(this, _signals, options.Time);
        _schedules = new SqliteScheduleStore(this, _signals);
        _transactions = new SqliteTransactions(this, OpenLoan, options.TransactionLimit, options.Time);
        Description =
            $"sqlite:{options.Path} (SQLite {SqliteLibrary.Version}, WAL, "
                + $"synchronous={(options.Synchronous == SqliteSynchronous.Full ? "FULL" : "NORMAL")})";
    }

    /// <inheritdoc/>
    public override string Description { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings => _warnings;

    /// <inheritdoc/>
    public override JobBroker Broker => _broker;

    /// <inheritdoc/>
    public override JobStore Store => _store;

    /// <inheritdoc/>
    public override ScheduleStore? Schedules => _schedules;

    /// <inheritdoc/>
    public override SignalBus Signals => _signals;

    /// <inheritdoc/>
    public override JobTransactions? Transactions => _transactions;

    internal StorageClock Clock => _clock;

    /// <summary>True while the app has a transaction open.</summary>
    internal bool IsLent => _transactions.IsLent;

    internal Writer Writer => _writer ?? throw NotOpen();

    internal Readers Readers => _readers ?? throw NotOpen();

    /// <inheritdoc/>
    public override async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var path = DatabaseFile.Resolve(_options.Path);
        var writer = new Writer(
            path, _options.Synchronous == SqliteSynchronous.Full, MakeSession, _signals.OthersWrote);
        await writer.OpenAsync();
        _writer = writer;
        _readers = new Readers(path, _words);
        _warnings = [.. WarningsNow()];
        Watch(path);
    }

    /// <inheritdoc/>
    public override ValueTask PingAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Readers.Read(static reader => reader.Connection.Scalar(Sql.ReadMeta));
        if (!Writer.IsWorking)
        {
            throw new StorageException(
                $"The storage {Description} can no longer write: its writer has ended. Start the application again.",
                isTransient: false);
        }

        return default;
    }

    /// <inheritdoc/>
    protected override async ValueTask DisposeCoreAsync()
    {
        _watch?.Dispose();
        _readers?.Dispose();
        if (_writer is not null)
        {
            await _writer.CloseAsync();
        }
    }

    private WriteSession MakeSession(SqliteConnection connection)
    {
        if (_options.PagesMax > 0)
        {
            connection.Execute(
                string.Create(CultureInfo.InvariantCulture, $"PRAGMA max_page_count = {_options.PagesMax}"));
        }

        return new WriteSession(connection, _words, _clock, _options.BootId ?? Host.BootId());
    }

    private Loan OpenLoan() =>
        Loan.Open(
            DatabaseFile.Resolve(_options.Path),
            _options.Synchronous == SqliteSynchronous.Full,
            _options.TransactionLimit,
            MakeSession);

    private IEnumerable<string> WarningsNow()
    {
        if (_options.Synchronous == SqliteSynchronous.Normal)
        {
            yield return "synchronous=normal: jobs accepted in the last moments before a power cut or a crash of the "
                + "operating system may be lost.";
        }

        if (SqliteLibrary.HasResetBug(SqliteLibrary.VersionNumber))
        {
            yield return $"SQLite {SqliteLibrary.Version} has the WAL-reset bug of 3.7.0 to 3.51.2; it is safe here "
                + "only because one thread a process does every write and checkpoint, one process at a time: let no "
                + "other program write to the file.";
        }
    }

    private void Watch(string path)
    {
        try
        {
            _watch = new SignalWatch(Turnstile.SignalPath(path), _writer!.Poke);
        }
        catch (IOException fault)
        {
            // The host has no watch left to give: others' commits are seen at the next look.
            _warnings.Add($"Other processes' jobs are noticed by polling only: {fault.Message}");
        }
    }

    private StorageException NotOpen() => new($"The storage {Description} was not opened.", isTransient: false);
}
