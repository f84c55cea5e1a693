using System.Diagnostics.CodeAnalysis;

namespace Lovage.Storage;

/// <summary>
/// Carries commands to live workers and their replies back. It may lose both, and correctness never hangs on one. The
/// public methods check and send signals; a storage writes the protected ones.
/// </summary>
/// <remarks>Safe for use by several threads. The storage's clock judges deadlines.</remarks>
[Experimental("LVGS001")]
public abstract class ControlChannel
{
    /// <summary>How long a storage keeps a command after its deadline, with its replies: 5 min.</summary>
    public static readonly TimeSpan KeepTime = TimeSpan.FromMinutes(5);

    private readonly SignalBus _signals;

    /// <summary>For storages.</summary>
    /// <param name="signals">Sends signals.</param>
    protected ControlChannel(SignalBus signals)
    {
        ArgumentNullException.ThrowIfNull(signals);
        _signals = signals;
    }

    /// <summary>
    /// Sends a command. The storage removes old ones: each <see cref="KeepTime"/> after its deadline, with its replies.
    /// </summary>
    /// <param name="command">The command; its number is the storage's.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Its number.</returns>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask<long> SendAsync(ControlCommand command, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentOutOfRangeException.ThrowIfLessThan(command.Deadline, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(command.Deadline, TimeSpan.FromMinutes(5));
        var number = await SendCoreAsync(Cut(command), cancellationToken);
        _signals.Send(new Signal(SignalKind.Control));
        return number;
    }

    /// <summary>Reads the commands for one worker that are still in time, oldest first.</summary>
    /// <param name="worker">The worker, by <see cref="WorkerRecord.Owner"/>.</param>
    /// <param name="after">The number of the last command that it has seen; 0 for all.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<ControlCommand>> ReadAsync(
        string worker, long after, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(worker);
        return ReadCoreAsync(worker, after, cancellationToken);
    }

    /// <summary>
    /// Writes a worker's reply. The storage drops one that comes after the deadline, and a worker's second one.
    /// </summary>
    /// <param name="number">The number of the command.</param>
    /// <param name="reply">The reply.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public async ValueTask ReplyAsync(long number, ControlReply reply, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reply);
        await ReplyCoreAsync(number, reply with { Text = TextCut.Bare(reply.Text, 500) }, cancellationToken);
        _signals.Send(new Signal(SignalKind.Control));
    }

    /// <summary>
    /// Reads the replies to a command so far, by worker; none once its deadline has long passed.
    /// </summary>
    /// <param name="number">The number of the command.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="StorageException">The storage cannot be asked now.</exception>
    public ValueTask<IReadOnlyList<ControlReply>> RepliesAsync(long number, CancellationToken cancellationToken) =>
        RepliesCoreAsync(number, cancellationToken);

    /// <summary>Sends.</summary>
    /// <inheritdoc cref="SendAsync"/>
    protected abstract ValueTask<long> SendCoreAsync(ControlCommand command, CancellationToken cancellationToken);

    /// <summary>Reads commands.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    protected abstract ValueTask<IReadOnlyList<ControlCommand>> ReadCoreAsync(
        string worker, long after, CancellationToken cancellationToken);

    /// <summary>Writes a reply.</summary>
    /// <inheritdoc cref="ReplyAsync"/>
    protected abstract ValueTask ReplyCoreAsync(long number, ControlReply reply, CancellationToken cancellationToken);

    /// <summary>Reads replies.</summary>
    /// <inheritdoc cref="RepliesAsync"/>
    protected abstract ValueTask<IReadOnlyList<ControlReply>> RepliesCoreAsync(
        long number, CancellationToken cancellationToken);

    private static ControlCommand Cut(ControlCommand command) => command with
    {
        Name = TextCut.Bare(command.Name, 50),
        Queue = command.Queue is null ? null : TextCut.Bare(command.Queue, 100),
    };
}
