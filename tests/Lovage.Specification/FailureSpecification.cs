using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Failures by their cause.</summary>
public abstract class FailureSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private static readonly RetentionPolicy KeepAll = new(TimeSpan.MaxValue, TimeSpan.MaxValue, long.MaxValue);
    private static readonly RetentionPolicy KeepNothing = new(TimeSpan.MaxValue, TimeSpan.MaxValue, 0);

    [Fact]
    public async Task Failures_OfOneCause_AreOneGroupWithTheNewestError()
    {
        var first = Time.GetUtcNow();
        await FailAsync(Error("It took 3 s.", line: 10));
        Time.Advance(TimeSpan.FromMinutes(3));
        var newest = Error("It took 5 s.", line: 12);
        var job = await FailAsync(newest, JobDecision.Retry);

        var group = Assert.Single(await GroupsAsync());
        Assert.Equal(newest.Fingerprint("tasks.add"), group.Fingerprint);
        Assert.Equal(("tasks.add", newest, job), (group.Name, group.Error, group.Sample));
        Assert.Equal((first, Time.GetUtcNow()), (group.FirstAt, group.LastAt));
        Assert.Equal((2, 2, 2), (group.LastHour, group.LastDay, group.LastWeek));
        Assert.Equal(24, group.Hours.Count);
        Assert.Equal(2, group.Hours[23]);
        Assert.Equal(2, group.Hours.Sum());
    }

    [Fact]
    public async Task Failures_OfSeveralCauses_AreGroupsNewestFirst()
    {
        await FailAsync(Error("one"));
        Time.Advance(TimeSpan.FromSeconds(1));
        await FailAsync(Error("two") with { Type = "Other" });
        Time.Advance(TimeSpan.FromSeconds(1));
        var since = Time.GetUtcNow();
        await FailAsync(Error("three"), name: "tasks.b");
        Time.Advance(TimeSpan.FromSeconds(1));
        await FailAsync(Error("four"));

        var groups = await GroupsAsync();
        Assert.Equal(["four", "three", "two"], Messages(groups));
        Assert.Equal([2L, 1L, 1L], groups.Select(static group => group.LastHour));
        Assert.Equal(["four", "two"], Messages(await GroupsAsync(new FailureQuery { Name = "tasks.add" })));
        Assert.Equal(["four", "three"], Messages(await GroupsAsync(new FailureQuery { Since = since })));
        Assert.Equal(["four"], Messages(await GroupsAsync(new FailureQuery { Limit = 1 })));
        Assert.Equal(
            ["two"], Messages(await GroupsAsync(new FailureQuery { Fingerprint = groups[2].Fingerprint })));
        Assert.Empty(
            await GroupsAsync(new FailureQuery { Fingerprint = groups[2].Fingerprint, Name = "tasks.b" }));
        Assert.Empty(await GroupsAsync(new FailureQuery { Name = "none" }));
        Assert.Empty(await GroupsAsync(new FailureQuery { Since = Time.GetUtcNow().AddTicks(1) }));
        Assert.Equal(3, (await GroupsAsync(new FailureQuery { Since = DateTimeOffset.MinValue })).Count);
    }

    [Fact]
    public async Task Failures_InTheWindows_AreCounted()
    {
        // Five failures a day apart from each other, then some in the last hours.
        TimeSpan[] ages =
        [
            TimeSpan.FromDays(6), TimeSpan.FromDays(2), TimeSpan.FromHours(23), TimeSpan.FromHours(2.5),
            TimeSpan.FromMinutes(30), TimeSpan.Zero,
        ];
        var end = Time.GetUtcNow() + ages[0];
        foreach (var age in ages)
        {
            Time.Advance(end - age - Time.GetUtcNow());
            await FailAsync(Error("x"));
        }

        var group = Assert.Single(await GroupsAsync());
        Assert.Equal((2, 4, 6), (group.LastHour, group.LastDay, group.LastWeek));
        Assert.Equal(4, group.Hours.Sum());
        Assert.Equal((1, 1, 2), (group.Hours[0], group.Hours[21], group.Hours[23]));
        Assert.Equal(end - ages[0], group.FirstAt);

        Time.Advance(TimeSpan.FromDays(2));
        group = Assert.Single(await GroupsAsync());
        Assert.Equal((0, 0, 5), (group.LastHour, group.LastDay, group.LastWeek));
    }

    [Fact]
    public async Task Failures_ManyInOneBatch_AreAllCounted()
    {
        await PublishAsync(A.Messages(50));
        var deliveries = await ReceiveAsync(50);
        await Store.SettleAsync(
            [.. deliveries.Select((d, i) => Failed(d, Error("x", line: i) with { Type = $"T{i % 3}" }))], Stop);

        var groups = await GroupsAsync();
        Assert.Equal([17L, 17L, 16L], groups.OrderBy(static g => g.Error.Type, StringComparer.Ordinal)
            .Select(static group => group.LastHour));
        Assert.Contains(groups, group => group.Sample == deliveries[49].Message.Id);
    }

    [Fact]
    public async Task Failures_AreThoseOfAttemptsWithAnErrorAlone()
    {
        await PublishAsync(A.Messages(3));
        var deliveries = await ReceiveAsync();
        await SettleAsync(deliveries[0]);
        await SettleAsync(deliveries[1], JobDecision.Bury);
        await StartAsync(deliveries[2]);
        await KillAsync();

        Assert.Empty(await GroupsAsync());
        await SettleAsync(Failed(await ReceiveOneOrphanAsync(), Error("x"), JobDecision.Bury));
        Assert.Single(await GroupsAsync());
    }

    [Fact]
    public async Task Prune_OldFailures_Go()
    {
        await FailAsync(Error("old"));
        await FailAsync(Error("both"), name: "tasks.b");
        Time.Advance(JobHistory.FailuresKept - TimeSpan.FromHours(1));
        await FailAsync(Error("both"), name: "tasks.b");
        await Store.PruneAsync(KeepAll, 10, Stop);
        Assert.Equal([2L, 1L], (await GroupsAsync()).Select(static group => group.LastWeek));

        Time.Advance(TimeSpan.FromHours(2));
        await Store.PruneAsync(KeepAll, 10, Stop);
        var group = Assert.Single(await GroupsAsync());
        Assert.Equal(("tasks.b", 1L), (group.Name, group.LastWeek));
        Time.Advance(TimeSpan.FromDays(8));
        await Store.PruneAsync(KeepAll, 10, Stop);
        Assert.Empty(await GroupsAsync());

        await FailAsync(Error("again"));
        Assert.Equal(Time.GetUtcNow(), Assert.Single(await GroupsAsync()).FirstAt);
    }

    [Fact]
    public async Task Failures_OfPrunedJobs_Stay()
    {
        var job = await FailAsync(Error("x"));
        await Store.PruneAsync(KeepNothing, 10, Stop);

        Assert.Null((await History.FindAsync([job], Stop))[0]);
        Assert.Equal(job, Assert.Single(await GroupsAsync()).Sample);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_001)]
    public async Task Failures_LimitOutOfRange_IsRefused(int limit) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            async () => await History.FailuresAsync(new FailureQuery { Limit = limit }, Stop));

    private static JobError Error(string message, int line = 1) => new(
        "System.TimeoutException",
        message,
        $"   at System.Net.Http.SendAsync()\n   at Shop.Mail.SendAsync(String to) in Mail.cs:line {line}");

    private static string[] Messages(IEnumerable<FailureGroup> groups) =>
        [.. groups.Select(static group => group.Error.Message)];

    private Settlement Failed(Delivery delivery, JobError error, JobDecision decision = JobDecision.Fail)
    {
        var outcome = A.Outcome(delivery, decision);
        return outcome with { Attempt = outcome.Attempt with { Error = error } };
    }

    private async Task<JobId> FailAsync(
        JobError error, JobDecision decision = JobDecision.Fail, string name = "tasks.add")
    {
        var message = A.Message(name);
        await PublishAsync(message);
        var delivery = Assert.Single(await ReceiveAsync(), d => d.Message.Id == message.Id);
        Assert.Equal(
            SettleStatus.Applied,
            await SettleAsync(Failed(delivery, error, decision) with { RetryDelay = TimeSpan.FromDays(90) }));
        return message.Id;
    }

    private async Task<IReadOnlyList<FailureGroup>> GroupsAsync(FailureQuery? query = null) =>
        await History.FailuresAsync(query ?? new FailureQuery(), Stop);
}
