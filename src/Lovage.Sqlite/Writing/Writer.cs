using Lovage.Sqlite.Life;
using Lovage.Sqlite.Native;

namespace Lovage.Sqlite.Writing;

/// <summary>
/// Carries out everything that this storage writes, on one thread. Made before the storage is opened, so that the parts
/// of the storage can hold it.
/// </summary>
/// <remarks>Safe for use by several threads once opened.</remarks>
internal sealed class Writer(
    WriterTerms terms, Func<SqliteConnection, WriteSession> makeSession, Action othersWrote)
{
    private volatile WriterThread? _thread;

    /// <summary>True while it can write.</summary>
    internal bool IsWorking => _thread is { IsWorking: true };

    private WriterThread Thread =>
        _thread ?? throw new StorageException("The SQLite storage was not opened.", isTransient: false);

    /// <summary>Opens the file. Called again only after it has failed.</summary>
    internal async Task OpenAsync(string path)
    {
        var thread = new WriterThread(path, terms, makeSession, othersWrote);
        await thread.OpenAsync();
        _thread = thread;
    }

    /// <summary>Carries out a call with others in one transaction, and waits until it is written.</summary>
    internal ValueTask<T> DoAsync<T>(WriteOperation<T> operation, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Thread.Add(operation);
        return operation.WaitAsync(cancellationToken);
    }

    /// <summary>For how long other programs have kept it from writing; zero while none does.</summary>
    internal TimeSpan BlockedFor => _thread?.BlockedFor ?? TimeSpan.Zero;

    /// <summary>Tells all processes, this one too, that something may have been committed.</summary>
    internal void Signal() => _thread?.Signal();

    /// <summary>Another process may have written: looks.</summary>
    internal void Poke() => _thread?.Poke();

    /// <summary>Finishes what waits and closes; nothing when it was never opened.</summary>
    internal Task CloseAsync() => _thread?.CloseAsync() ?? Task.CompletedTask;
}
