using Lovage.Execution;
using Lovage.Protocol;
using Lovage.Storage;
using Lovage.Storage.Memory;

namespace Lovage.Tests.Execution;

public sealed class LeaseKeeperTests : IAsyncDisposable
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    private static readonly WorkerOwner Owner = new("boot", "0", 1, 1, "worker");

    private readonly TestClock _time = new();
    private readonly MemoryStorage _storage;
    private readonly LeaseKeeper _leases;

    public LeaseKeeperTests()
    {
        _storage = new MemoryStorage(_time);
        _leases = new LeaseKeeper(_storage.Broker, Lease, _time);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _storage.DisposeAsync();

    [Fact]
    public async Task IsTrusted_Lease_EndsAFifthEarly()
    {
        var held = await ClaimAsync("a");
        _time.Advance(TimeSpan.FromSeconds(24) - TimeSpan.FromTicks(1));
        Assert.True(_leases.IsTrusted(held));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.False(_leases.IsTrusted(held));
    }

    [Fact]
    public async Task IsTrusted_SlowAnswer_CountsFromWhenItWasAsked()
    {
        var held = await ClaimAsync("a", answerTook: TimeSpan.FromSeconds(20));
        _time.Advance(TimeSpan.FromSeconds(4) - TimeSpan.FromTicks(1));
        Assert.True(_leases.IsTrusted(held));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.False(_leases.IsTrusted(held));
    }

    [Fact]
    public async Task RenewAsync_HeldLease_IsTrustedAnewAndTheStorageKnows()
    {
        var held = await ClaimAsync("a");
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(TimeSpan.FromSeconds(20), _leases.RenewalAge);
        await _leases.RenewAsync(Cancel);
        Assert.Equal(TimeSpan.Zero, _leases.RenewalAge);

        _time.Advance(TimeSpan.FromSeconds(23));
        Assert.True(_leases.IsTrusted(held));
        Assert.Equal(JobCancellationReason.None, held.Cancelled);
        Assert.Equal(0, (await _storage.Broker.ReclaimAsync([], 10, Cancel)).Orphaned);
    }

    [Fact]
    public async Task RenewAsync_LostLease_IsNoLongerTrusted()
    {
        var held = await ClaimAsync("a");
        await _storage.Broker.ReclaimAsync([Owner.Key], 10, Cancel);
        await _leases.RenewAsync(Cancel);
        Assert.Equal((false, JobCancellationReason.LeaseLost), (_leases.IsTrusted(held), held.Cancelled));
    }

    [Fact]
    public async Task RefreshAsync_LeaseWhoseOutcomeWasWrittenMeanwhile_IsDoneAndNotLost()
    {
        var held = await ClaimAsync("a");
        await _storage.Broker.ReclaimAsync([Owner.Key], 10, Cancel);
        _leases.Remove(held.Delivery.Token);
        await _leases.RefreshAsync([held], Cancel);
        Assert.Equal((true, JobCancellationReason.None), (_leases.IsTrusted(held), held.Cancelled));
    }

    [Fact]
    public async Task RenewAsync_CancelRequested_TellsTheHolderWhoKeepsItsLease()
    {
        var held = await ClaimAsync("a");
        await _storage.Store.CancelAsync([JobId.Parse("a")], null, Cancel);
        _time.Advance(TimeSpan.FromSeconds(20));
        await _leases.RenewAsync(Cancel);
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal((true, JobCancellationReason.Revoked), (_leases.IsTrusted(held), held.Cancelled));
    }

    [Fact]
    public async Task RenewAsync_NobodyAnswersUntilItsEnd_CountsAsLost()
    {
        var held = await ClaimAsync("a");
        _time.Advance(TimeSpan.FromSeconds(24));
        await Assert.ThrowsAsync<OperationCanceledException>(
            () => _leases.RenewAsync(new CancellationToken(canceled: true)));
        Assert.Equal(JobCancellationReason.LeaseLost, held.Cancelled);
    }

    [Fact]
    public async Task Cancel_AfterARevocation_OnlyTheLossOfTheLeaseOverrules()
    {
        var held = await ClaimAsync("a");
        held.Cancel(JobCancellationReason.Revoked);
        held.Cancel(JobCancellationReason.Shutdown);
        Assert.Equal(JobCancellationReason.Revoked, held.Cancelled);
        held.Cancel(JobCancellationReason.LeaseLost);
        held.Cancel(JobCancellationReason.Revoked);
        Assert.Equal(JobCancellationReason.LeaseLost, held.Cancelled);
    }

    [Fact]
    public async Task Find_HeldJob_IsFoundByItsIdUntilItIsRemoved()
    {
        var (a, b) = (await ClaimAsync("a"), await ClaimAsync("b"));
        Assert.Same(a, _leases.Find(JobId.Parse("a")));
        Assert.Same(b, _leases.Find(JobId.Parse("b")));
        Assert.Equal(2, _leases.Count);
        _leases.Remove(a.Delivery.Token);
        Assert.Null(_leases.Find(JobId.Parse("a")));
        Assert.Equal(
            (1, false, true), (_leases.Count, _leases.Holds(a.Delivery.Token), _leases.Holds(b.Delivery.Token)));
    }

    [Fact]
    public void RenewalAge_NothingHeld_IsNone()
    {
        _time.Advance(TimeSpan.FromHours(5));
        Assert.Equal(TimeSpan.Zero, _leases.RenewalAge);
    }

    private async Task<HeldLease> ClaimAsync(string id, TimeSpan answerTook = default)
    {
        await _storage.Broker.PublishAsync(
            [new JobMessage { Id = JobId.Parse(id), Name = "n", Queue = "default", Body = "[[],{},{}]"u8.ToArray() }],
            Cancel);
        var asked = _time.GetTimestamp();
        await using var receiver = _storage.Broker.OpenReceiver(Owner, ["default"], Lease);
        var deliveries = (await receiver.ReceiveAsync(1, TimeSpan.Zero, Cancel)).Deliveries;
        _time.Advance(answerTook);
        var added = new List<HeldLease>();
        _leases.Add(deliveries, asked, Lease, added);
        return Assert.Single(added);
    }
}
