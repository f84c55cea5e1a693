using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Lovage.Spawning;

namespace Lovage;

/// <summary>Where a spawned task stands.</summary>
public enum SpawnedTaskState
{
    /// <summary>It waits: for its delay, for a thread, or for its next try.</summary>
    Waiting = 0,

    /// <summary>It runs.</summary>
    Running = 1,

    /// <summary>It has ended well.</summary>
    Succeeded = 2,

    /// <summary>It has failed for good; <see cref="SpawnedTask.Exception"/> says why.</summary>
    Failed = 3,

    /// <summary>It was cancelled, by its handle or because the app stopped.</summary>
    Cancelled = 4,
}

/// <summary>
/// A task that <see cref="TaskSpawner"/> started, asyncio's <c>Task</c>: await it, cancel it, ask for its state, or
/// ignore it. A failure is logged and counted in each case.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "The token may have been given away, and a source without a timer holds nothing.")]
public abstract class SpawnedTask
{
    private readonly CancellationTokenSource _cancellation = new();
    private Exception? _error;
    private int _state;

    private protected SpawnedTask(LocalEntry entry) => Entry = entry;

    /// <summary>Its name, for people.</summary>
    public string Name => Entry.Name;

    /// <summary>Where it stands.</summary>
    public SpawnedTaskState State => (SpawnedTaskState)Volatile.Read(ref _state);

    /// <summary>Which try this is, 1 being the first; 0 before it.</summary>
    public int Attempt => Entry.Attempt;

    /// <summary>What it threw last; null while it has not failed for good.</summary>
    public Exception? Exception => State == SpawnedTaskState.Failed ? _error : null;

    /// <summary>Ends when it ends, as it ends: with its exception, or cancelled. Not awaiting it is fine.</summary>
    public Task Completion => Ended;

    internal LocalEntry Entry { get; }

    internal CancellationToken Token => _cancellation.Token;

    private protected abstract Task Ended { get; }

    /// <summary>
    /// Asks it to stop: its token is cancelled, and a try that has not begun does not begin. Without effect once it has
    /// ended.
    /// </summary>
    public void Cancel() => QuietCancel.Of(_cancellation);

    /// <summary>Makes <c>await task</c> wait for its end.</summary>
    public TaskAwaiter GetAwaiter() => Ended.GetAwaiter();

    internal void Move(SpawnedTaskState state) => Volatile.Write(ref _state, (int)state);

    /// <summary>It has ended; those who await it are not told yet.</summary>
    internal void End(SpawnedTaskState state, Exception? error)
    {
        _error = error;
        Move(state);
    }

    /// <summary>Tells those who await it how it has ended.</summary>
    internal abstract void Complete(LocalCall call);
}

/// <summary>A spawned task with a result.</summary>
/// <typeparam name="TResult">What it returns.</typeparam>
/// <inheritdoc cref="SpawnedTask"/>
public sealed class SpawnedTask<TResult> : SpawnedTask
{
    private readonly TaskCompletionSource<TResult> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal SpawnedTask(LocalEntry entry)
        : base(entry)
    {
    }

    /// <summary>Ends with the result, with the exception, or cancelled.</summary>
    public new Task<TResult> Completion => _ended.Task;

    private protected override Task Ended => _ended.Task;

    /// <summary>Makes <c>await task</c> return the result.</summary>
    public new TaskAwaiter<TResult> GetAwaiter() => _ended.Task.GetAwaiter();

    internal override void Complete(LocalCall call)
    {
        switch (State)
        {
            case SpawnedTaskState.Succeeded:
                _ended.SetResult(call is LocalCall<TResult> typed ? typed.Result! : default!);
                break;
            case SpawnedTaskState.Failed:
                _ended.SetException(Exception!);

                // The failure is logged and counted, so .NET must not report it as unobserved as well.
                _ = _ended.Task.Exception;
                break;
            default:
                _ended.SetCanceled(Token.IsCancellationRequested ? Token : CancellationToken.None);
                break;
        }
    }
}
