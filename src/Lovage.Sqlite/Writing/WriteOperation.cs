using Lovage.Sqlite.Life;

namespace Lovage.Sqlite.Writing;

/// <summary>Which calls the writer carries out before others.</summary>
internal enum WriteLine
{
    /// <summary>In the order in which they came.</summary>
    Ordinary = 0,

    /// <summary>Before all others: a lease must not run out because its renewal waits.</summary>
    Renewal = 1,

    /// <summary>One between two turns, so that renewals never wait for more than one.</summary>
    Loan = 2,
}

/// <summary>
/// One call that waits for the writer. The writer may carry it out more than once, when a transaction that held it was
/// rolled back, so that it keeps no state between runs but its result.
/// </summary>
internal abstract class WriteOperation
{
    private const int Waiting = 0;
    private const int Taken = 1;
    private const int GivenUp = 2;
    private int _state;

    internal virtual WriteLine Line => WriteLine.Ordinary;

    /// <summary>About how many rows it writes; a transaction is filled up to a bound.</summary>
    internal virtual int Weight => 1;

    /// <summary>True when other processes may wait for what it writes.</summary>
    internal virtual bool WakesOthers => false;

    /// <summary>True when what it writes must be on the disk before the caller goes on.</summary>
    /// <remarks>
    /// A claim need not: should a power cut undo it, its holder is gone too, and the job is ready again. What a killed
    /// process has written is seen by others either way.
    /// </remarks>
    internal virtual bool IsDurable => true;

    /// <summary>
    /// Looks, outside a transaction, whether there is anything to write; when there is not, its result is set.
    /// </summary>
    internal virtual bool HasWork(WriteSession session) => true;

    internal abstract void Run(WriteSession session);

    internal abstract void Complete();

    internal abstract void Fail(Exception fault);

    /// <summary>The writer's: false when the caller has given up.</summary>
    internal bool TryTake() => Interlocked.CompareExchange(ref _state, Taken, Waiting) == Waiting;

    /// <summary>The caller's: false when the writer has it in hand.</summary>
    protected bool TryGiveUp() => Interlocked.CompareExchange(ref _state, GivenUp, Waiting) == Waiting;
}

/// <summary>A call with a result.</summary>
internal abstract class WriteOperation<T> : WriteOperation
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What it came to, for a caller that has run it by itself.</summary>
    internal T? Result { get; private protected set; }

    /// <summary>
    /// Waits. A caller can give up only before the writer has taken the call, so that no claim is forgotten.
    /// </summary>
    internal async ValueTask<T> WaitAsync(CancellationToken cancellationToken)
    {
        if (!cancellationToken.CanBeCanceled)
        {
            return await _completion.Task;
        }

        await using var registration = cancellationToken.UnsafeRegister(
            static (state, token) =>
            {
                var operation = (WriteOperation<T>)state!;
                if (operation.TryGiveUp())
                {
                    operation._completion.TrySetCanceled(token);
                }
            },
            this);
        return await _completion.Task;
    }

    internal override void Complete() => _completion.TrySetResult(Result!);

    internal override void Fail(Exception fault) =>
        _completion.TrySetException(fault is StorageException or ArgumentException
            ? fault
            : new StorageException($"The SQLite storage failed: {fault.Message}", isTransient: false, fault));
}
