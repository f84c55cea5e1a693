using System.Collections.Concurrent;
using System.Data.Common;
using Lovage.Protocol;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>
/// What all specifications of storages share: a fresh storage for each fact and short words for the seams.
/// </summary>
/// <typeparam name="TFixture">The backend.</typeparam>
public abstract class StorageSpecification<TFixture> : IAsyncLifetime
    where TFixture : StorageFixture, new()
{
    protected static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    /// <inheritdoc cref="StorageFixture.KeepsAnyMessage"/>
    protected static readonly bool KeepsAnyMessage = new TFixture().KeepsAnyMessage;

    private readonly ConcurrentDictionary<(JobStorage Storage, string Owner, string Queues), JobReceiver> _receivers =
        new();

    private readonly List<IDisposable> _listeners = [];
    private StorageScope? _scope;

    protected JobStorage Storage => _scope!.Storage;

    protected JobBroker Broker => Storage.Broker;

    protected JobStore Store => Storage.Store;

    protected JobHistory History => HistoryOf(Storage);

    protected WorkerDirectory Workers => WorkersOf(Storage);

    protected ScheduleStore Schedules => Of(Storage);

    protected OperationStore Operations => OperationsOf(Storage);

    protected AuditStore Audit => AuditOf(Storage);

    protected ControlChannel Control => ControlOf(Storage);

    /// <summary>The same data as another process has it.</summary>
    protected JobStorage Other => _scope!.Other;

    protected ManualTimeProvider Time => _scope!.Time;

    /// <summary>Begins a transaction as a caller has it. Disposing it rolls back what was not committed.</summary>
    protected async Task<DbTransaction> BeginAsync() =>
        await (_scope!.BeginAsync
            ?? throw new InvalidOperationException($"{Storage.Description} takes part in no transactions."))();

    protected TestData A { get; private set; } = null!;

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _scope = await new TFixture().OpenAsync();
        A = new TestData(Time);
    }

    public async ValueTask DisposeAsync()
    {
        _listeners.ForEach(static listener => listener.Dispose());
        _listeners.Clear();
        foreach (var receiver in _receivers.Values)
        {
            await receiver.DisposeAsync();
        }

        _receivers.Clear();
        if (_scope is not null)
        {
            await _scope.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    protected async Task<IReadOnlyList<PublishStatus>> PublishAsync(params JobMessage[] messages) =>
        Statuses(await Broker.PublishAsync(messages, Stop));

    protected async Task<JobMessage> PublishOneAsync()
    {
        var message = A.Message();
        await PublishAsync(message);
        return message;
    }

    /// <summary>The receiver of an owner and its queues, opened at the first call and disposed with the test.</summary>
    protected JobReceiver Receiver(string owner = "one", params string[] queues) => ReceiverOf(Storage, owner, queues);

    /// <summary>Ordinary jobs, without waiting.</summary>
    protected Task<IReadOnlyList<Delivery>> ReceiveAsync(
        int max = 100, string owner = "one", params string[] queues) => ReceiveFromAsync(Storage, max, owner, queues);

    /// <summary>Ordinary jobs through a storage of the test's choice, without waiting.</summary>
    protected async Task<IReadOnlyList<Delivery>> ReceiveFromAsync(
        JobStorage storage, int max = 100, string owner = "one", params string[] queues) =>
        (await ReceiverOf(storage, owner, queues).ReceiveAsync(max, TimeSpan.Zero, Stop)).Deliveries;

    protected async Task<Delivery> ReceiveOneAsync(string owner = "one") => Assert.Single(await ReceiveAsync(1, owner));

    /// <summary>The next orphan, without waiting; null when there is none.</summary>
    protected async Task<Delivery?> ReceiveOrphanAsync(string owner = "one", params string[] queues)
    {
        var received = await Receiver(owner, queues).ReceiveOrphanAsync(TimeSpan.Zero, Stop);
        return received.Deliveries.Count == 0 ? null : Assert.Single(received.Deliveries);
    }

    /// <summary>The next orphan, of which there must be one.</summary>
    protected async Task<Delivery> ReceiveOneOrphanAsync(string owner = "one", params string[] queues) =>
        Assert.IsType<Delivery>(await ReceiveOrphanAsync(owner, queues));

    /// <summary>Ordinary jobs, waiting for an hour of the test's clock.</summary>
    protected Task<IReadOnlyList<Delivery>> WaitForJobsAsync(
        int max = 100, string owner = "one", params string[] queues) =>
        WaitForJobsAsync(TimeSpan.FromHours(1), max, owner, queues);

    /// <summary>Ordinary jobs, waiting by the test's clock.</summary>
    protected async Task<IReadOnlyList<Delivery>> WaitForJobsAsync(
        TimeSpan wait, int max = 100, string owner = "one", params string[] queues) =>
        (await Receiver(owner, queues).ReceiveAsync(max, wait, Stop)).Deliveries;

    /// <summary>One orphan, waiting for an hour of the test's clock.</summary>
    protected async Task<IReadOnlyList<Delivery>> WaitForOrphanAsync(string owner = "one", params string[] queues) =>
        (await Receiver(owner, queues).ReceiveOrphanAsync(TimeSpan.FromHours(1), Stop)).Deliveries;

    protected async Task<SettleStatus> SettleAsync(Settlement outcome) =>
        Statuses(await Store.SettleAsync([outcome], Stop))[0];

    protected Task<SettleStatus> SettleAsync(Delivery delivery, JobDecision decision = JobDecision.Succeed) =>
        SettleAsync(A.Outcome(delivery, decision));

    protected async Task<LeaseStatus> RenewAsync(Delivery delivery) =>
        (await Broker.RenewAsync([delivery.Token], Lease, Stop))[0];

    protected async Task<bool> StartAsync(Delivery delivery, bool ahead = true) =>
        (await Store.RecordStartsAsync([
            new JobStart(delivery.Token, delivery.Message.Id, Time.GetUtcNow(), ahead),
        ], Stop))[0];

    protected async Task<JobRecord> FindAsync(JobId id) =>
        Assert.IsType<JobRecord>((await History.FindAsync([id], Stop))[0]);

    protected async Task<JobState> StateAsync(JobMessage message) => (await FindAsync(message.Id)).State;

    protected async Task<CancelStatus> CancelAsync(JobId id, string? reason = null) =>
        Statuses(await Store.CancelAsync([id], reason, Stop))[0];

    /// <summary>How many were put back.</summary>
    protected async Task<int> RequeueAsync(IReadOnlyList<JobId> ids) =>
        Statuses(await Store.RequeueAsync(ids, Stop)).Count(static status => status == ChangeStatus.Changed);

    /// <summary>How many claims ended.</summary>
    protected async Task<int> ReleaseAsync(IReadOnlyList<LeaseToken> tokens) =>
        (await Broker.ReleaseAsync(tokens, Stop)).Count;

    protected async Task<QueueStatus> QueueAsync(string name = TestData.Queue) =>
        Assert.Single(await Broker.QueuesAsync(Stop), q => q.Queue == name);

    /// <summary>Lets the owner die and takes back what it held.</summary>
    protected async Task<ReclaimResult> KillAsync(string owner = "one") =>
        await Broker.ReclaimAsync([TestData.Owner(owner).Key], 1_000, Stop);

    /// <summary>
    /// Lets the clock run in steps until the call is done; the calls of a storage may come from other threads.
    /// </summary>
    protected async Task<T> RunAsync<T>(ValueTask<T> call, TimeSpan step)
    {
        var task = call.AsTask();
        while (!task.IsCompleted)
        {
            await Task.WhenAny(task, Time.TimerSetAsync()).WaitAsync(Stop);
            if (!task.IsCompleted)
            {
                Time.Advance(step);
                await Task.Yield();
            }
        }

        return await task;
    }

    protected static JobHistory HistoryOf(JobStorage storage) =>
        storage.History ?? throw new InvalidOperationException($"{storage.Description} keeps no records of jobs.");

    protected static WorkerDirectory WorkersOf(JobStorage storage) =>
        storage.Workers ?? throw new InvalidOperationException($"{storage.Description} keeps no list of workers.");

    protected static OperationStore OperationsOf(JobStorage storage) =>
        storage.Operations ?? throw new InvalidOperationException($"{storage.Description} keeps no operations.");

    protected static AuditStore AuditOf(JobStorage storage) =>
        storage.Audit ?? throw new InvalidOperationException($"{storage.Description} keeps no audit records.");

    protected static ControlChannel ControlOf(JobStorage storage) =>
        storage.Control ?? throw new InvalidOperationException($"{storage.Description} carries no commands.");

    /// <summary>Declines an offer by a worker that does not know the job's name.</summary>
    protected async Task<ReleaseResult> DeclineAsync(
        Delivery delivery, TimeSpan delay = default, TimeSpan? limit = null, string worker = "host:1") =>
        await Broker.DeclineAsync(
            [new DeclinedOffer(delivery.Token, delivery.Message.Id, delay, worker)],
            limit ?? TimeSpan.FromDays(1),
            Stop);

    /// <summary>Collects the ids of the jobs whose end is told in this process, from now on.</summary>
    protected ConcurrentQueue<JobId> ListenForEnds()
    {
        var heard = new ConcurrentQueue<JobId>();
        _listeners.Add(Storage.Signals.Subscribe(signal => HearEnd(heard, signal), SignalKind.JobEnded));
        return heard;

        static void HearEnd(ConcurrentQueue<JobId> heard, Signal signal)
        {
            if (signal.Kind == SignalKind.JobEnded)
            {
                heard.Enqueue(signal.Id);
            }
        }
    }

    protected static ScheduleStore Of(JobStorage storage) =>
        storage.Schedules ?? throw new InvalidOperationException($"{storage.Description} keeps no schedules.");

    /// <summary>Stores a schedule and reads it back.</summary>
    protected async Task<ScheduleRecord> SaveAsync(ScheduleRecord schedule)
    {
        Assert.NotNull(await Schedules.SaveAsync(schedule, Stop));
        return await ScheduleAsync(schedule.Id);
    }

    protected async Task<ScheduleRecord> ScheduleAsync(string id) =>
        Assert.IsType<ScheduleRecord>(await Schedules.FindAsync(id, Stop));

    protected async Task<FireStatus> RecordAsync(Firing firing) =>
        Assert.Single(await Schedules.RecordAsync([firing], Stop));

    /// <summary>How many jobs became orphans, and how many ended.</summary>
    protected static (int Orphaned, int Ended) Counts(ReclaimResult result) => (result.Orphaned, result.Ended.Count);

    protected static PublishStatus[] Statuses(IReadOnlyList<PublishResult> results) =>
        [.. results.Select(static result => result.Status)];

    protected static SettleStatus[] Statuses(IReadOnlyList<SettleResult> results) =>
        [.. results.Select(static result => result.Status)];

    protected static CancelStatus[] Statuses(IReadOnlyList<CancelResult> results) =>
        [.. results.Select(static result => result.Status)];

    protected static ChangeStatus[] Statuses(IReadOnlyList<ChangeResult> results) =>
        [.. results.Select(static result => result.Status)];

    protected static JobId[] Ids(IEnumerable<JobMessage> messages) => [.. messages.Select(m => m.Id)];

    protected static JobId[] Ids(IEnumerable<Delivery> deliveries) => [.. deliveries.Select(d => d.Message.Id)];

    private JobReceiver ReceiverOf(JobStorage storage, string owner, string[] queues)
    {
        string[] served = queues.Length == 0 ? [TestData.Queue] : queues;
        return _receivers.GetOrAdd(
            (storage, owner, string.Join('\n', served)),
            static (key, queues) => key.Storage.Broker.OpenReceiver(TestData.Owner(key.Owner), queues, Lease),
            served);
    }

    /// <summary>
    /// Compares all that travels; the delay is spent and the choice of the id is the publisher's matter.
    /// </summary>
    protected static void AssertSame(JobMessage expected, JobMessage actual)
    {
        Assert.Equal(expected.Body.ToArray(), actual.Body.ToArray());
        Assert.Equal(expected.Extra.ToArray(), actual.Extra.ToArray());
        Assert.Equal(
            expected.Headers.OrderBy(h => h.Key, StringComparer.Ordinal),
            actual.Headers.OrderBy(h => h.Key, StringComparer.Ordinal));
        Assert.Equal(expected.Tags, actual.Tags);
        Assert.Equal(Rest(expected), Rest(actual));

        static JobMessage Rest(JobMessage m) => m with
        {
            Body = default,
            Extra = default,
            Tags = [],
            Headers = System.Collections.Immutable.ImmutableDictionary<string, string>.Empty,
            Delay = default,
            HasChosenId = false,
        };
    }
}
