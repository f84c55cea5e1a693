using System.Threading.Tasks.Sources;
using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage;

/// <summary>
/// One caller that waits until its message is stored. Write, failure, time limit or the caller's own token ends the
/// wait: the first to come decides.
/// </summary>
/// <remarks>Awaited once.</remarks>
internal sealed class PendingPublish(JobMessage message, long since) : IValueTaskSource<PublishResult>
{
    private ManualResetValueTaskSourceCore<PublishResult> _source = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private int _completed;

    internal JobMessage Message { get; } = message;

    internal long Since { get; } = since;

    internal bool IsCompleted => Volatile.Read(ref _completed) != 0;

    internal ValueTask<PublishResult> Completion => new(this, _source.Version);

    internal void ListenTo(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            _registration = cancellationToken.UnsafeRegister(
                static (state, token) => ((PendingPublish)state!).Fail(new OperationCanceledException(token)), this);
        }
    }

    internal void Complete(PublishResult result)
    {
        if (Interlocked.Exchange(ref _completed, 1) == 0)
        {
            _source.SetResult(result);
        }
    }

    internal void Fail(Exception fault)
    {
        if (Interlocked.Exchange(ref _completed, 1) == 0)
        {
            _source.SetException(fault);
        }
    }

    PublishResult IValueTaskSource<PublishResult>.GetResult(short token)
    {
        _registration.Dispose();
        return _source.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<PublishResult>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<PublishResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
