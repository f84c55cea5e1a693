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

    private StorageScope? _scope;

    protected JobStorage Storage => _scope!.Storage;

    protected JobBroker Broker => Storage.Broker;

    protected JobStore Store => Storage.Store;

    protected ScheduleStore Schedules => Of(Storage);

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
        if (_scope is not null)
        {
            await _scope.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    protected async Task<IReadOnlyList<PublishStatus>> PublishAsync(params JobMessage[] messages) =>
        await Broker.PublishAsync(messages, Stop);

    protected async Task<JobMessage> PublishOneAsync()
    {
        var message = A.Message();
        await PublishAsync(message);
        return message;
    }

    protected static ReceiveRequest Request(int max = 100, string owner = "one", params string[] queues) =>
        new(TestData.Owner(owner), queues.Length == 0 ? [TestData.Queue] : queues, max, Lease);

    protected async Task<IReadOnlyList<Delivery>> ReceiveAsync(
        int max = 100, string owner = "one", params string[] queues) =>
        await Broker.ReceiveAsync(Request(max, owner, queues), Stop);

    protected async Task<Delivery> ReceiveOneAsync(string owner = "one") => Assert.Single(await ReceiveAsync(1, owner));

    protected async Task<SettleStatus> SettleAsync(Settlement outcome) => (await Store.SettleAsync([outcome], Stop))[0];

    protected Task<SettleStatus> SettleAsync(Delivery delivery, JobDecision decision = JobDecision.Succeed) =>
        SettleAsync(A.Outcome(delivery, decision));

    protected async Task<LeaseStatus> RenewAsync(Delivery delivery) =>
        (await Broker.RenewAsync([delivery.Token], Lease, Stop))[0];

    protected async Task<bool> StartAsync(Delivery delivery, bool ahead = true) =>
        (await Store.RecordStartsAsync([
            new JobStart(delivery.Token, delivery.Message.Id, Time.GetUtcNow(), ahead),
        ], Stop))[0];

    protected async Task<JobRecord> FindAsync(JobId id) =>
        Assert.IsType<JobRecord>((await Store.FindAsync([id], Stop))[0]);

    protected async Task<JobState> StateAsync(JobMessage message) => (await FindAsync(message.Id)).State;

    protected async Task<CancelStatus> CancelAsync(JobId id, string? reason = null) =>
        (await Store.CancelAsync([id], reason, Stop))[0];

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

    protected static JobId[] Ids(IEnumerable<JobMessage> messages) => [.. messages.Select(m => m.Id)];

    protected static JobId[] Ids(IEnumerable<Delivery> deliveries) => [.. deliveries.Select(d => d.Message.Id)];

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
        Assert.Equal(Rest(expected), Rest(actual));

        static JobMessage Rest(JobMessage m) => m with
        {
            Body = default,
            Extra = default,
            Headers = System.Collections.Immutable.ImmutableDictionary<string, string>.Empty,
            Delay = default,
            HasChosenId = false,
        };
    }
}
