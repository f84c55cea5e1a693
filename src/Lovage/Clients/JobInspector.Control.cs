using Lovage.Storage;

namespace Lovage;

public sealed partial class JobInspector
{
    /// <summary>From one look for replies to the next when no signal comes.</summary>
    private static readonly TimeSpan ReplyInterval = TimeSpan.FromMilliseconds(250);

    private ControlChannel Channel => _gate.Storage.Control ?? throw new StorageException(
        $"The storage {_gate.Storage.Description} carries no commands for workers. Use one that does (sqlite:, "
            + "postgres: or memory:).",
        isTransient: false);

    /// <summary>True when the storage carries commands for workers.</summary>
    public bool HasControl => _gate.Storage.Control is not null;

    /// <summary>
    /// Sends a command to one live worker or to all, and waits until each has answered, at most until its deadline.
    /// </summary>
    /// <remarks>
    /// A worker that starts before the deadline carries out a command for all too. What a command changes holds until
    /// the worker ends. A target that is not among the live workers is not waited for: nothing is sent.
    /// </remarks>
    /// <param name="command">The command.</param>
    /// <param name="cancellationToken">Gives up waiting; workers may carry the command out all the same.</param>
    /// <returns>What workers answered, and which did not.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The deadline is out of range.</exception>
    public async ValueTask<ControlResult> ControlAsync(
        ControlCommand command, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(command);
        var (channel, storage) = (Channel, _gate.Storage);
        var awaited = storage.Workers is { } workers
            ? (await workers.ListAsync(cancellationToken)).Select(static worker => worker.Owner)
                .Where(owner => command.Target is null || owner == command.Target)
                .ToHashSet(StringComparer.Ordinal)
            : null;
        if (awaited is { Count: 0 })
        {
            return new ControlResult([], command.Target is { } gone ? [gone] : []);
        }

        var hints = new WakeUp();
        using var signals = storage.Signals.Subscribe(
            signal =>
            {
                if (signal.Kind == SignalKind.Control)
                {
                    hints.Pulse();
                }
            },
            SignalKind.Control);
        var start = _time.GetTimestamp();
        var number = await channel.SendAsync(command, cancellationToken);
        while (true)
        {
            var seen = hints.Version;
            var replies = await channel.RepliesAsync(number, cancellationToken);
            var silent = (awaited ?? []).Except(replies.Select(static reply => reply.Worker)).ToArray();
            var rest = command.Deadline - _time.GetElapsedTime(start);
            if (rest <= TimeSpan.Zero || (awaited is not null && silent.Length == 0))
            {
                return new ControlResult(replies, silent);
            }

            await hints.WaitAsync(seen, rest < ReplyInterval ? rest : ReplyInterval, _time, cancellationToken);
        }
    }
}
