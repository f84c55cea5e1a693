using System.Globalization;
using Lovage.Protocol;
using Lovage.Redis.Connections;
using Lovage.Redis.Keys;
using Lovage.Redis.Reading;
using Lovage.Redis.Signals;
using Lovage.Redis.Writing;
using Lovage.Storage;
using StackExchange.Redis;

namespace Lovage.Redis;

/// <summary>Claims jobs in Redis for one worker.</summary>
internal sealed class RedisReceiver : JobReceiver
{
    private const int FirstDelivery = 3;

    private readonly RedisServer _server;
    private readonly LostLooks _lost;
    private readonly WakeConnection _wake;
    private readonly RedisKey[] _lists;
    private long? _armed;

    /// <param name="broker">The broker that opens it.</param>
    /// <param name="options">Who claims, from which queues, for how long.</param>
    /// <param name="server">The server.</param>
    /// <param name="lost">The owner's looks whose reply was lost, which outlive a receiver.</param>
    /// <param name="wake">Tells of what other programs push.</param>
    internal RedisReceiver(
        JobBroker broker, ReceiverOptions options, RedisServer server, LostLooks lost, WakeConnection wake)
        : base(broker, options)
    {
        (_server, _lost, _wake) = (server, lost, wake);
        _lists = [.. options.Queues.SelectMany(server.Names.Lists)];
        wake.Start();
    }

    /// <remarks>
    /// A look that finds nothing arms the wake connection and looks once more: what came in between is found then, and
    /// what comes later is told. A receiver that is not armed waits for no signal, because no signal tells of what
    /// another program pushes.
    /// </remarks>
    protected override async ValueTask<LookResult> ReceiveCoreAsync(
        long look, int max, CancellationToken cancellationToken)
    {
        var version = _wake.Version;
        var found = await LookAsync(look, max, cancellationToken);
        if (found.Deliveries.Count == 0 && _armed != version)
        {
            version = _wake.Version;
            if (await _wake.ArmAsync(_lists, cancellationToken))
            {
                _armed = version;
                found = await LookAsync(look, max, cancellationToken);
            }
        }

        return found with { IsDrained = found.IsDrained && _armed == version };
    }

    private async ValueTask<LookResult> LookAsync(long look, int max, CancellationToken cancellationToken)
    {
        var lost = _lost.All();
        var arguments = Look(look, lost.Length + Options.Queues.Count + 6);
        arguments.Add(max);
        arguments.Add(_server.Names.Steps);
        arguments.Add(lost.Length);
        foreach (var before in lost)
        {
            arguments.Add(before);
        }

        AddQueues(arguments);
        var answer = (await RunAsync(RedisScript.Receive, look, arguments, cancellationToken)).Values();
        _lost.Released(lost);
        var now = RedisTime.To(answer[0]);
        var deliveries = new List<Delivery>((answer.Length - FirstDelivery) / 2);
        RedisArguments? unreadable = null;
        for (var i = FirstDelivery; i + 1 < answer.Length; i += 2)
        {
            try
            {
                deliveries.Add(Read((long)answer[i], answer[i + 1], now));
            }
            catch (Exception fault) when (fault is MalformedMessageException or FormatException)
            {
                unreadable ??= _server.Arguments(2);
                unreadable.Add(answer[i]);
                unreadable.Add(fault.Message.Replace('|', '/'));
            }
        }

        if (unreadable is not null)
        {
            // No worker can read them: they must not hold up the others.
            await _server.RunAsync(RedisScript.Quarantine, unreadable, CancellationToken.None);
        }

        TimeSpan? untilDue = answer[1].Length() == 0 ? null : RedisTime.To(answer[1]) - now;
        return new LookResult(deliveries, untilDue, IsDrained: answer[2] == 0);
    }

    protected override async ValueTask<Delivery?> ReceiveOrphanCoreAsync(long look, CancellationToken cancellationToken)
    {
        var arguments = Look(look, Options.Queues.Count + 4);
        arguments.Add(_server.Names.Steps);
        AddQueues(arguments);
        var answer = (await RunAsync(RedisScript.Orphan, look, arguments, cancellationToken)).Values();
        return answer.Length < FirstDelivery ? null : Read((long)answer[1], answer[2], RedisTime.To(answer[0]));
    }

    private RedisArguments Look(long look, int capacity)
    {
        var arguments = _server.Arguments(capacity);
        arguments.Add(Options.Owner.Key);
        arguments.Add(look);
        arguments.Add(RedisTime.From(Options.Lease));
        return arguments;
    }

    private void AddQueues(RedisArguments arguments)
    {
        foreach (var queue in Options.Queues)
        {
            arguments.Add(queue);
        }
    }

    private async Task<RedisResult> RunAsync(
        RedisScript script, long look, RedisArguments arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await _server.RunAsync(script, arguments, cancellationToken);
        }
        catch (Exception fault) when (fault is StorageException or OperationCanceledException)
        {
            // It may have claimed all the same.
            _lost.Add(look);
            throw;
        }
    }

    private static Delivery Read(long stamp, RedisValue raw, DateTimeOffset now)
    {
        var element = Element.Read(raw);
        var front = element.Front;
        return new Delivery
        {
            Message = element.Message,
            Token = new LeaseToken(long.Parse(front.Number, CultureInfo.InvariantCulture), stamp),
            EnqueuedAt = RedisTime.To(front.EnqueuedAt),
            ReadyAt = RedisTime.To(front.ReadyAt),
            ClaimedAt = now,
            IsOrphan = front.Has(Front.Orphan),
            IsExpired = element.Message.Expires <= now,
            AttemptsSoFar = front.Attempts,
            Offers = front.Offers,
        };
    }
}
