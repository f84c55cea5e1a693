namespace Lovage.Sqlite.Files;

/// <summary>
/// The fair lock across processes. A plain <c>flock</c> goes to the process that asks at the right moment, nearly
/// always the busy process that has just let go. Here a process holds its place in the queue until it has the lock: the
/// busy one, coming back, finds the queue taken and waits behind.
/// </summary>
/// <remarks>Belongs to the writer's thread.</remarks>
internal sealed class Turnstile(string database) : IDisposable
{
    private readonly FileLock _queue = FileLock.Open(database + ".lock-queue");
    private readonly FileLock _write = FileLock.Open(SignalPath(database));

    /// <summary>The file that is touched after commits which others may wait for.</summary>
    internal static string SignalPath(string database) => database + ".lock";

    internal void Enter()
    {
        _queue.Enter();
        try
        {
            _write.Enter();
        }
        finally
        {
            _queue.Exit();
        }
    }

    internal void Exit() => _write.Exit();

    /// <summary>Tells other processes that something was committed.</summary>
    internal void Signal() => _write.Touch();

    public void Dispose()
    {
        _queue.Dispose();
        _write.Dispose();
    }
}
