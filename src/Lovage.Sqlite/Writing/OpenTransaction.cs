using Lovage.Storage;

namespace Lovage.Sqlite.Writing;

/// <summary>A transaction of the app in which Lovage's operations write.</summary>
/// <remarks>Operations may come from any thread, one at a time.</remarks>
internal abstract class OpenTransaction
{
    private readonly HashSet<LeaseToken> _settled = [];

    /// <summary>True until it has been committed or rolled back.</summary>
    internal abstract bool IsOpen { get; }

    /// <summary>Keeps operations apart from each other, and from the end of a transaction whose time is over.</summary>
    protected Lock Gate { get; } = new();

    /// <summary>Carries out an operation inside the transaction, as a whole or not at all.</summary>
    /// <exception cref="InvalidOperationException">The transaction has ended.</exception>
    internal void Run(WriteOperation operation)
    {
        lock (Gate)
        {
            if (!IsOpen)
            {
                throw Ended();
            }

            RunOpen(operation);
        }
    }

    /// <summary>Remembers that the end of this claim is written in the transaction.</summary>
    internal void Note(LeaseToken token)
    {
        lock (Gate)
        {
            _settled.Add(token);
        }
    }

    /// <summary>True while the end of this claim is written and the transaction is open.</summary>
    internal bool Holds(LeaseToken token)
    {
        lock (Gate)
        {
            return IsOpen && _settled.Contains(token);
        }
    }

    internal virtual InvalidOperationException Ended() => new(
        "The transaction has ended already, so that nothing can be written in it. Enqueue before its commit, or "
            + "without it.");

    /// <summary>Carries out an operation; the transaction is open.</summary>
    protected abstract void RunOpen(WriteOperation operation);
}
