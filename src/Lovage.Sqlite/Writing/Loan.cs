using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Lovage.Sqlite.Life;
using Lovage.Sqlite.Native;
using Microsoft.Data.Sqlite;
using NativeConnection = Lovage.Sqlite.Native.SqliteConnection;
using OpenConnection = Microsoft.Data.Sqlite.SqliteConnection;

namespace Lovage.Sqlite.Writing;

/// <summary>
/// A transaction that is lent to the app: an ordinary one of Microsoft.Data.Sqlite, whose connection Lovage's own
/// operations share. The writer's thread opens it under the turnstile and stands still until it has ended, since SQLite
/// has one writer.
/// </summary>
/// <remarks>
/// The operations of this class may come from any thread, one at a time; the lock keeps them apart from the writer that
/// ends a loan whose time is over.
/// </remarks>
internal sealed class Loan : OpenTransaction, IDisposable
{
    /// <summary>
    /// Neither SQLite nor its library tells of all the ways in which a transaction ends: the writer looks this often.
    /// </summary>
    private const int LookMilliseconds = 1;

    /// <summary>
    /// A transaction of the app's that goes on for longer fails the loan: renewals wait behind it.
    /// </summary>
    private const int BusySeconds = 1;

    private const string NativeLibrary = "e_sqlite3";

    private readonly object _wait = new();
    private readonly OpenConnection _connection;
    private readonly NativeConnection _native;
    private readonly WriteSession _session;
    private readonly TimeSpan _limit;
    private bool _isExpired;

    private Loan(
        OpenConnection connection,
        SqliteTransaction transaction,
        NativeConnection native,
        WriteSession session,
        TimeSpan limit)
    {
        _connection = connection;
        Transaction = transaction;
        _native = native;
        _session = session;
        _limit = limit;
    }

    internal SqliteTransaction Transaction { get; }

    /// <summary>True until the app has ended it or its time is over.</summary>
    internal override bool IsOpen => !Volatile.Read(ref _isExpired) && Transaction.Connection is not null;

    /// <summary>Opens a connection as the writer's own and begins. Needs the turnstile.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The loan owns them, and what failed is disposed.")]
    internal static Loan Open(
        string path, bool isFull, TimeSpan limit, Func<NativeConnection, WriteSession> makeSession)
    {
        var text = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = BusySeconds,
        };
        var connection = new OpenConnection(text.ConnectionString);
        try
        {
            connection.Open();
            CheckLibrary();
            var native = NativeConnection.Borrow(connection.Handle!.DangerousGetHandle(), path);
            native.Execute("PRAGMA busy_timeout = 1000");
            native.Execute("PRAGMA temp_store = MEMORY");

            // Every checkpoint is the writer's.
            native.Execute("PRAGMA wal_autocheckpoint = 0");
            native.Execute(isFull ? WriterConnection.SynchronousFull : WriterConnection.SynchronousNormal);
            return new Loan(
                connection, connection.BeginTransaction(deferred: false), native, makeSession(native), limit);
        }
        catch (SqliteException fault) when (fault.SqliteErrorCode is SqliteFault.Busy)
        {
            connection.Dispose();
            throw SqliteFault.From(fault.SqliteExtendedErrorCode, fault.Message, path);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    internal override InvalidOperationException Ended() => Volatile.Read(ref _isExpired)
        ? new(string.Create(
            CultureInfo.InvariantCulture,
            $"The transaction was rolled back because it was open for more than {_limit.TotalSeconds:0.###} s "
                + $"(SqliteStorageOptions.TransactionLimit): no other call can write meanwhile. Do slow work before it "
                + $"begins."))
        : base.Ended();

    protected override void RunOpen(WriteOperation operation) => _session.RunInside(operation.Run);

    /// <summary>
    /// The writer's: stands still until the transaction has ended, and ends it when its time is over.
    /// </summary>
    internal void WaitForEnd()
    {
        var start = TimeProvider.System.GetTimestamp();
        lock (_wait)
        {
            while (Transaction.Connection is not null)
            {
                if (TimeProvider.System.GetElapsedTime(start) >= _limit)
                {
                    Expire();
                    return;
                }

                Monitor.Wait(_wait, LookMilliseconds);
            }
        }
    }

    /// <summary>
    /// The writer's, after the end. A connection whose time was over may be in use on another thread at this moment: it
    /// closes when the app lets go of it.
    /// </summary>
    public void Dispose()
    {
        _native.Dispose();
        if (!_isExpired)
        {
            _connection.Dispose();
        }
    }

    /// <summary>
    /// The library of the connection must be the one that is called here too: a pointer of another means nothing to it.
    /// </summary>
    internal static void CheckLibrary()
    {
        if (SQLitePCL.raw.GetNativeLibraryName() != NativeLibrary
            || SQLitePCL.raw.sqlite3_libversion_number() != SqliteLibrary.VersionNumber)
        {
            throw new StorageException(
                $"Microsoft.Data.Sqlite uses another SQLite here ({SQLitePCL.raw.GetNativeLibraryName()}) than Lovage "
                    + $"({NativeLibrary}), so that they cannot share a file or a transaction. Use the bundle "
                    + "SQLitePCLRaw.bundle_e_sqlite3.",
                isTransient: false);
        }
    }

    /// <summary>
    /// Rolls back, and lets nothing more be written over the connection. The transaction's own library notices the
    /// rollback and refuses its next statement.
    /// </summary>
    private void Expire()
    {
        lock (Gate)
        {
            Volatile.Write(ref _isExpired, true);
        }

        while (Transaction.Connection is not null && !TryRollBack())
        {
            Monitor.Wait(_wait, LookMilliseconds);
        }
    }

    private bool TryRollBack()
    {
        // An interrupt would end the rollback too where the app has a reader open: only a statement that runs at this
        // moment is interrupted.
        if (!_native.TryEnter())
        {
            SQLitePCL.raw.sqlite3_interrupt(_connection.Handle);
            return false;
        }

        try
        {
            if (_native.InTransaction)
            {
                _native.Execute("ROLLBACK");
            }

            _native.Execute("PRAGMA query_only = ON");
            return true;
        }
        catch (StorageException)
        {
            return false;
        }
        finally
        {
            _native.Leave();
        }
    }
}

/// <summary>Asks the writer for a transaction. It runs in no turn: see <see cref="Loan"/>.</summary>
internal sealed class LoanOperation(Func<Loan> open, Loans loans) : WriteOperation<Loan>
{
    internal override WriteLine Line => WriteLine.Loan;

    internal override void Run(WriteSession session)
    {
        using var loan = open();
        Result = loan;
        loans.Begin(loan);
        try
        {
            Complete();
            loan.WaitForEnd();
        }
        finally
        {
            loans.End();
        }
    }
}
