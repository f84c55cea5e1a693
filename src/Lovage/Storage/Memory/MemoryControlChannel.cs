using Lovage.Storage.Memory.State;

namespace Lovage.Storage.Memory;

/// <summary>Commands for the workers of this process, and their replies.</summary>
internal sealed class MemoryControlChannel(MemoryState state, SignalBus signals) : ControlChannel(signals)
{
    private readonly List<Entry> _entries = [];

    protected override ValueTask<long> SendCoreAsync(ControlCommand command, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var now = state.Timestamp;
            _entries.RemoveAll(entry => entry.KeptUntil <= now);
            var number = state.NextTicket();
            _entries.Add(new Entry(
                command with { Number = number },
                state.TimestampAfter(command.Deadline),
                state.TimestampAfter(command.Deadline + KeepTime)));
            return new(number);
        }
    }

    protected override ValueTask<IReadOnlyList<ControlCommand>> ReadCoreAsync(
        string worker, long after, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            var now = state.Timestamp;
            return new(_entries
                .Where(entry => entry.Until > now
                    && entry.Command.Number > after
                    && (entry.Command.Target is null || entry.Command.Target == worker))
                .Select(static entry => entry.Command)
                .ToArray());
        }
    }

    protected override ValueTask ReplyCoreAsync(
        long number, ControlReply reply, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            if (Find(number) is { } entry
                && entry.Until > state.Timestamp
                && !entry.Replies.Exists(earlier => earlier.Worker == reply.Worker))
            {
                entry.Replies.Add(reply);
            }
        }

        return default;
    }

    protected override ValueTask<IReadOnlyList<ControlReply>> RepliesCoreAsync(
        long number, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (state.Gate)
        {
            return new(Find(number)?.Replies.OrderBy(static reply => reply.Worker, StringComparer.Ordinal).ToArray()
                ?? []);
        }
    }

    private Entry? Find(long number) => _entries.Find(entry => entry.Command.Number == number);

    private sealed record Entry(ControlCommand Command, long Until, long KeptUntil)
    {
        internal List<ControlReply> Replies { get; } = [];
    }
}
