using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Memory.Tests.Outbox;

/// <summary>
/// A message server apart from any store, in the manner of RabbitMQ: it knows messages and connections, and nothing of
/// jobs.
/// </summary>
internal sealed class BareServer(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly List<Item> _items = [];
    private long _place;
    private long _tag;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _items.Count;
            }
        }
    }

    public int Redelivered { get; private set; }

    public DateTimeOffset Now => time.GetUtcNow();

    public void Publish(IReadOnlyList<JobMessage> messages)
    {
        lock (_lock)
        {
            foreach (var message in messages)
            {
                var due = time.GetUtcNow() + message.Delay;
                _items.Add(new Item(message, message.Eta > due ? message.Eta.Value : due)
                {
                    Place = message.Delay > TimeSpan.Zero ? 0 : ++_place,
                });
            }
        }
    }

    public IReadOnlyList<(JobMessage Message, long Tag)> Deliver(
        string connection, IReadOnlyList<string> queues, int max)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            foreach (var due in _items.Where(item => item.Place == 0 && item.Due <= now)
                .OrderBy(item => item.Due)
                .ToList())
            {
                due.Place = ++_place;
            }

            var taken = new List<(JobMessage, long)>();
            foreach (var queue in queues)
            {
                foreach (var item in _items
                    .Where(item => item.Message.Queue == queue && item.Connection is null && item.Place > 0)
                    .OrderBy(item => item.Message.Priority)
                    .ThenBy(item => item.Place)
                    .Take(max - taken.Count)
                    .ToList())
                {
                    Redelivered += item.Tag > 0 ? 1 : 0;
                    (item.Connection, item.Tag) = (connection, ++_tag);
                    taken.Add((item.Message, item.Tag));
                }
            }

            return taken;
        }
    }

    public void Acknowledge(string connection, IEnumerable<long> tags)
    {
        var ended = tags.ToHashSet();
        lock (_lock)
        {
            _items.RemoveAll(item => item.Connection == connection && ended.Contains(item.Tag));
        }
    }

    public void Return(string connection, IEnumerable<long> tags)
    {
        var returned = tags.ToHashSet();
        lock (_lock)
        {
            _items.Where(item => item.Connection == connection && returned.Contains(item.Tag))
                .ToList()
                .ForEach(item => item.Connection = null);
        }
    }

    /// <summary>The connection is lost: what it held unacknowledged is delivered again.</summary>
    public void Close(string connection)
    {
        lock (_lock)
        {
            _items.Where(item => item.Connection == connection).ToList().ForEach(item => item.Connection = null);
        }
    }

    private sealed class Item(JobMessage message, DateTimeOffset due)
    {
        public JobMessage Message { get; } = message;

        public DateTimeOffset Due { get; } = due;

        /// <summary>Its place among the ready; 0 while it is not due.</summary>
        public long Place { get; set; }

        public string? Connection { get; set; }

        public long Tag { get; set; }
    }
}

/// <summary>A connection to a <see cref="BareServer"/>.</summary>
internal sealed class BareBroker(
    BareServer server,
    string connection,
    SignalBus signals,
    TimeProvider time,
    Action? step = null) : JobBroker("bare", signals, time)
{
    public override bool SettlesWithStore => false;

    protected override ValueTask<IReadOnlyList<PublishStatus>> PublishCoreAsync(
        IReadOnlyList<JobMessage> messages, CancellationToken cancellationToken) =>
        Step<IReadOnlyList<PublishStatus>>(() =>
        {
            server.Publish(messages);
            return new PublishStatus[messages.Count];
        });

    protected override ValueTask<ReceiveResult> ReceiveCoreAsync(
        ReceiveRequest request, CancellationToken cancellationToken) =>
        Step(() =>
        {
            var now = server.Now;
            return new ReceiveResult(
                [.. server.Deliver(connection, request.Queues, request.Max).Select(d => new Delivery
                {
                    Message = d.Message,
                    Token = new LeaseToken(d.Tag, d.Tag),
                    EnqueuedAt = now,
                    ReadyAt = now,
                    ClaimedAt = now,
                })],
                null,
                IsAll: false);
        });

    protected override async ValueTask AcknowledgeCoreAsync(
        IReadOnlyList<LeaseToken> tokens, CancellationToken cancellationToken) =>
        await Step(() =>
        {
            server.Acknowledge(connection, tokens.Select(token => token.Stamp));
            return 0;
        });

    protected override ValueTask<int> ReleaseCoreAsync(
        IReadOnlyList<LeaseToken> tokens, CancellationToken cancellationToken) =>
        Step(() =>
        {
            server.Return(connection, tokens.Select(token => token.Stamp));
            return tokens.Count;
        });

    protected override ValueTask<IReadOnlyList<LeaseStatus>> RenewCoreAsync(
        IReadOnlyList<LeaseToken> tokens, TimeSpan lease, CancellationToken cancellationToken) => throw Foreign();

    protected override ValueTask<ReclaimResult> ReclaimCoreAsync(
        IReadOnlyList<string> deadOwners, int max, CancellationToken cancellationToken) => throw Foreign();

    protected override ValueTask<IReadOnlyList<string>> OwnersCoreAsync(CancellationToken cancellationToken) =>
        throw Foreign();

    protected override ValueTask PauseCoreAsync(string queue, string reason, CancellationToken cancellationToken) =>
        throw Foreign();

    protected override ValueTask ResumeCoreAsync(string queue, CancellationToken cancellationToken) => throw Foreign();

    protected override ValueTask<IReadOnlyList<QueueStatus>> QueuesCoreAsync(CancellationToken cancellationToken) =>
        throw Foreign();

    protected override ValueTask<IReadOnlyList<JobMessage>> PeekCoreAsync(
        string queue, int max, CancellationToken cancellationToken) => throw Foreign();

    private static NotSupportedException Foreign() => new("A bare server knows no leases: the store keeps them.");

    private ValueTask<T> Step<T>(Func<T> call)
    {
        step?.Invoke();
        var result = call();
        step?.Invoke();
        return new(result);
    }
}

internal sealed class BareSignals : SignalBus;
