using System.Globalization;
using System.Runtime.CompilerServices;
using Lovage.Sqlite.Files;
using Lovage.Sqlite.Life;
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
    private readonly Writer _writer;
    private readonly Readers _readers;
    private readonly JoinedTransactions? _joined;
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
        Description =
            $"sqlite:{options.Path} (SQLite {SqliteLibrary.Version}, WAL, "
                + $"synchronous={(options.Synchronous == SqliteSynchronous.Full ? "FULL" : "NORMAL")}"
                + $"{(options.IsShared ? ", shared with the app" : "")})";
        var time = options.Time;
        _clock = new StorageClock(time, options.BootId);
        _writer = new Writer(
            new WriterTerms(options.Synchronous == SqliteSynchronous.Full, options.IsShared),
            MakeSession,
            _signals.OthersWrote);
        _readers = new Readers(_words);
        var loans = new Loans();
        _joined = options.IsShared
            ? new JoinedTransactions(options.Path, MakeSession, _writer.Signal, TimeProvider.System)
            : null;
        Broker = new SqliteBroker(_writer, _readers, loans, options.IsShared, _clock, _signals, time);
        Store = new SqliteJobStore(_writer, _signals, time);
        History = new SqliteJobHistory(_readers, _clock);
        Workers = new SqliteWorkerDirectory(_writer, _readers, _clock);
        Schedules = new SqliteScheduleStore(_writer, _readers, _clock, _signals, time);
        Operations = new SqliteOperationStore(_writer, _readers, _clock, _signals);
        Audit = new SqliteAuditStore(_writer, _readers);
        Control = new SqliteControlChannel(_writer, _readers, _clock, _signals);
        Transactions = new SqliteTransactions(
            _writer,
            _readers,
            loans,
            _joined,
            new LoanTerms(Description, options.TransactionLimit, OpenLoan),
            _signals,
            time);
    }

    /// <inheritdoc/>
    public override string Description { get; }

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
    public override JobTransactions? Transactions { get; }

    /// <inheritdoc/>
    public override TimeSpan BlockedFor => _writer.BlockedFor;

    internal Writer Writer => _writer;

    internal Readers Readers => _readers;

    /// <inheritdoc/>
    public override async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_options.IsShared)
        {
            CheckLibrary();
        }
        else
        {
            DatabaseFile.CreateFolder(_options.Path);
        }

        var path = DatabaseFile.Resolve(_options.Path);
        await _writer.OpenAsync(path);
        _readers.Open(path);
        _warnings = [.. WarningsNow()];
        if (DatabaseFile.LaxPlace(path) is { } warning)
        {
            _warnings.Add(warning);
        }

        Watch(path);
    }

    /// <inheritdoc/>
    public override ValueTask PingAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _readers.Read(static reader => reader.Connection.Scalar(Sql.ReadMeta));
        if (!_writer.IsWorking)
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
        _joined?.Dispose();
        _readers.Dispose();
        await _writer.CloseAsync();
    }

    private WriteSession MakeSession(SqliteConnection connection)
    {
        if (_options.PagesMax > 0)
        {
            connection.Execute(
                string.Create(CultureInfo.InvariantCulture, $"PRAGMA max_page_count = {_options.PagesMax}"));
        }

        return new WriteSession(connection, _words, _clock);
    }

    private Loan OpenLoan() =>
        Loan.Open(
            DatabaseFile.Resolve(_options.Path),
            _options.Synchronous == SqliteSynchronous.Full,
            _options.TransactionLimit,
            MakeSession);

    /// <summary>
    /// The app's connections write and checkpoint beside the writer, which the WAL-reset bug does not bear. Another
    /// library on the same file in this process would drop this one's locks
    /// (https://www.sqlite.org/howtocorrupt.html, 2.2.1).
    /// </summary>
    private static void CheckLibrary()
    {
        if (SqliteLibrary.HasResetBug(SqliteLibrary.VersionNumber))
        {
            throw new StorageException(
                $"SQLite {SqliteLibrary.Version} has the WAL-reset bug of 3.7.0 to 3.51.2, which can damage a file "
                    + "that an app and Lovage write to. Update the package SQLite, or give Lovage a file of its own: "
                    + "leave out shared=true.",
                isTransient: false);
        }

        RuntimeHelpers.RunClassConstructor(typeof(Microsoft.Data.Sqlite.SqliteConnection).TypeHandle);
        Loan.CheckLibrary();
    }

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
            _watch = new SignalWatch(Turnstile.SignalPath(path), _writer.Poke);
        }
        catch (IOException fault)
        {
            // The host has no watch left to give: others' commits are seen at the next look.
            _warnings.Add($"Other processes' jobs are noticed by polling only: {fault.Message}");
        }
    }
}
