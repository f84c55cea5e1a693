using System.Collections.Concurrent;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Bulk operations, and which process holds each.</summary>
public abstract class OperationSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task List_NothingEver_IsEmpty()
    {
        Assert.Empty(await Operations.ListAsync(null, 10, Stop));
        Assert.Null(await Operations.FindAsync("none", Stop));
        Assert.Null(await Operations.CancelAsync("none", Stop));
        Assert.Null(await Operations.TakeAsync("p1", Lease, Stop));
    }

    [Fact]
    public async Task Add_Operation_ComesBackWhole()
    {
        var full = new BulkOperation
        {
            Id = "full",
            Action = BulkAction.Move,
            Filter = FullFilter(),
            Target = new JobMove("slow", 3),
            By = "anna",
            Reason = "the mail server is up again",
            Spread = TimeSpan.FromMinutes(10),
            Expected = new BoundedCount(12_345, false),
        };
        var stored = await Operations.AddAsync(full with { Done = 7, State = BulkState.Failed, Error = "no" }, Stop);

        Assert.True(stored.Number > 0);
        AssertSame(full with { CreatedAt = Time.GetUtcNow(), Number = stored.Number }, stored);
        AssertSame(stored, await FindOneAsync("full"));
        AssertSame(stored, Assert.IsType<BulkOperation>(await OperationsOf(Other).FindAsync("full", Stop)));
        AssertSame(stored, Assert.Single(await Operations.ListAsync(null, 10, Stop)));
    }

    [Fact]
    public async Task Add_SameIdAgain_IsTheOneThatIsStored()
    {
        var first = await Operations.AddAsync(Operation("one") with { By = "anna" }, Stop);
        Time.Advance(Second);
        var again = await OperationsOf(Other).AddAsync(
            Operation("one") with { By = "ben", Action = BulkAction.Delete }, Stop);

        AssertSame(first, again);
        Assert.Single(await Operations.ListAsync(null, 10, Stop));
    }

    [Fact]
    public async Task List_Several_NewestFirstUpToTheBound()
    {
        foreach (var id in new[] { "a", "c", "b" })
        {
            await Operations.AddAsync(Operation(id), Stop);
        }

        Assert.Equal(["b", "c", "a"], (await Operations.ListAsync(null, 10, Stop)).Select(static one => one.Id));
        Assert.Equal(["b", "c"], (await Operations.ListAsync(null, 2, Stop)).Select(static one => one.Id));
    }

    [Fact]
    public async Task List_PageByPage_HasEachOnce_WhateverIsAddedOrRemovedMeanwhile()
    {
        foreach (var id in new[] { "a", "b", "c", "d", "e" })
        {
            await Operations.AddAsync(Operation(id), Stop);
        }

        var first = await Operations.ListAsync(null, 2, Stop);
        await Operations.AddAsync(Operation("f"), Stop);
        var second = await OperationsOf(Other).ListAsync(first[^1].Number, 2, Stop);
        Assert.Equal(["e", "d"], first.Select(static one => one.Id));
        Assert.Equal(["c", "b"], second.Select(static one => one.Id));

        await Operations.CancelAsync("b", Stop);
        Time.Advance(Second);
        Assert.Equal(1, await Operations.PruneAsync(TimeSpan.Zero, 10, Stop));
        Assert.Equal("a", Assert.Single(await Operations.ListAsync(second[^1].Number, 2, Stop)).Id);
        Assert.Empty(await Operations.ListAsync(1, 2, Stop));
        Assert.Equal(
            ["f", "e", "d"], (await Operations.ListAsync(long.MaxValue, 3, Stop)).Select(static one => one.Id));
    }

    [Fact]
    public async Task Take_SeveralProcesses_EachGetsTheOldestThatIsFree()
    {
        await Operations.AddAsync(Operation("a"), Stop);
        await Operations.AddAsync(Operation("b"), Stop);
        Time.Advance(Second);

        var taken = await Operations.TakeAsync("p1", Lease, Stop);
        Assert.Equal("a", taken?.Id);
        Assert.Equal(Time.GetUtcNow(), taken?.ReportedAt);
        Assert.Equal("b", (await OperationsOf(Other).TakeAsync("p2", Lease, Stop))?.Id);
        Assert.Null(await Operations.TakeAsync("p3", Lease, Stop));
        Assert.Equal("a", (await Operations.TakeAsync("p1", Lease, Stop))?.Id);
    }

    [Fact]
    public async Task Take_LeaseThatRanOut_GoesToAnother_AndTheFirstIsFenced()
    {
        await Operations.AddAsync(Operation("a"), Stop);
        var first = Assert.IsType<BulkOperation>(await Operations.TakeAsync("p1", Lease, Stop));
        Time.Advance(Lease - Second);
        Assert.Null(await Operations.TakeAsync("p2", Lease, Stop));
        Assert.NotNull(await Operations.ReportAsync("p1", first with { Done = 5, Next = "17" }, Lease, Stop));
        Time.Advance(Lease - Second);
        Assert.Null(await Operations.TakeAsync("p2", Lease, Stop));
        Time.Advance(Second * 2);

        var second = Assert.IsType<BulkOperation>(await Operations.TakeAsync("p2", Lease, Stop));
        Assert.Equal((5L, "17"), (second.Done, second.Next));
        Assert.Null(await Operations.ReportAsync("p1", first with { Done = 9 }, Lease, Stop));
        Assert.Equal(5, (await FindOneAsync("a")).Done);
    }

    [Fact]
    public async Task Take_OwnLeaseThatRanOut_IsRenewedWhereNoOtherTookIt()
    {
        await Operations.AddAsync(Operation("a"), Stop);
        await Operations.TakeAsync("p1", Lease, Stop);
        Time.Advance(Lease * 2);
        Assert.Equal("a", (await Operations.TakeAsync("p1", Lease, Stop))?.Id);
        Assert.Null(await Operations.TakeAsync("p2", Lease, Stop));
    }

    [Fact]
    public async Task Report_Counts_AreStoredAndNothingElse()
    {
        var added = await Operations.AddAsync(Operation("a") with { By = "anna", Reason = "why" }, Stop);
        await Operations.TakeAsync("p1", Lease, Stop);
        Time.Advance(Second);

        var reported = await Operations.ReportAsync(
            "p1",
            added with
            {
                By = "other",
                Reason = "other",
                Action = BulkAction.Delete,
                Filter = new JobQuery(),
                Spread = Second,
                Done = 200,
                Skipped = 3,
                Next = "4711",
            },
            Lease,
            Stop);

        var expected = added with { Done = 200, Skipped = 3, Next = "4711", ReportedAt = Time.GetUtcNow() };
        AssertSame(expected, Assert.IsType<BulkOperation>(reported));
        AssertSame(expected, await FindOneAsync("a"));
    }

    [Theory]
    [InlineData(BulkState.Done)]
    [InlineData(BulkState.Cancelled)]
    [InlineData(BulkState.Failed)]
    public async Task Report_Ended_EndsTheLeaseAndIsFinal(BulkState state)
    {
        var added = await Operations.AddAsync(Operation("a"), Stop);
        await Operations.TakeAsync("p1", Lease, Stop);
        await Operations.CancelAsync("a", Stop);
        Time.Advance(Second);

        var ended = await Operations.ReportAsync("p1", added with { State = state, Error = "because" }, Lease, Stop);

        Assert.Equal(
            (state, Time.GetUtcNow(), "because", false),
            (ended!.State, ended.FinishedAt, ended.Error, ended.CancelRequested));
        Assert.Null(await Operations.ReportAsync("p1", added with { Done = 1 }, Lease, Stop));
        Assert.Null(await Operations.TakeAsync("p1", Lease, Stop));
        Time.Advance(Lease * 2);
        Assert.Null(await Operations.TakeAsync("p2", Lease, Stop));
        AssertSame(ended, Assert.IsType<BulkOperation>(await Operations.CancelAsync("a", Stop)));
    }

    [Fact]
    public async Task Cancel_NotHeld_IsCancelledAtOnce()
    {
        await Operations.AddAsync(Operation("never"), Stop);
        var never = await OperationsOf(Other).CancelAsync("never", Stop);
        Assert.Equal((BulkState.Cancelled, Time.GetUtcNow(), false), Facts(never));

        await Operations.AddAsync(Operation("left"), Stop);
        await Operations.TakeAsync("p1", Lease, Stop);
        Time.Advance(Lease + Second);
        Assert.Equal((BulkState.Cancelled, Time.GetUtcNow(), false), Facts(await Operations.CancelAsync("left", Stop)));
        Assert.Null(await Operations.ReportAsync("p1", Operation("left"), Lease, Stop));

        static (BulkState, DateTimeOffset?, bool) Facts(BulkOperation? one) =>
            (one!.State, one.FinishedAt, one.CancelRequested);
    }

    [Fact]
    public async Task Cancel_Held_IsARequestThatItsHolderSees()
    {
        var added = await Operations.AddAsync(Operation("a"), Stop);
        await Operations.TakeAsync("p1", Lease, Stop);

        var asked = await OperationsOf(Other).CancelAsync("a", Stop);
        Assert.Equal((BulkState.Running, true), (asked!.State, asked.CancelRequested));
        Assert.True((await Operations.ReportAsync("p1", added with { Done = 3 }, Lease, Stop))?.CancelRequested);
        Time.Advance(Lease + Second);
        Assert.True((await Operations.TakeAsync("p2", Lease, Stop))?.CancelRequested);
    }

    [Fact]
    public async Task Prune_EndedLongAgo_GoOldestFirst_RunningStay()
    {
        foreach (var id in new[] { "running", "a", "b", "c" })
        {
            await Operations.AddAsync(Operation(id), Stop);
            if (id != "running")
            {
                await Operations.CancelAsync(id, Stop);
            }

            Time.Advance(TimeSpan.FromDays(1));
        }

        var age = TimeSpan.FromDays(2) - Second;
        Assert.Equal(0, await Operations.PruneAsync(TimeSpan.FromDays(30), 10, Stop));
        Assert.Equal(1, await Operations.PruneAsync(age, 1, Stop));
        Assert.Equal(["c", "b", "running"], (await Operations.ListAsync(null, 10, Stop)).Select(static one => one.Id));
        Assert.Equal(1, await Operations.PruneAsync(age, 10, Stop));
        Assert.Equal(["c", "running"], (await Operations.ListAsync(null, 10, Stop)).Select(static one => one.Id));
    }

    [Fact]
    public async Task Changes_AreToldInThisProcess()
    {
        var heard = new ConcurrentQueue<SignalKind>();
        using var listener = Storage.Signals.Subscribe(
            signal => heard.Enqueue(signal.Kind), SignalKind.OperationsChanged);
        await Operations.AddAsync(Operation("a"), Stop);
        Assert.Contains(SignalKind.OperationsChanged, heard);
        heard.Clear();
        await Operations.CancelAsync("a", Stop);
        Assert.Contains(SignalKind.OperationsChanged, heard);
    }

    [Theory]
    [MemberData(nameof(HostileTexts.All), MemberType = typeof(HostileTexts))]
    public async Task EveryText_Hostile_ComesBackToTheLetter(string text)
    {
        var added = await Operations.AddAsync(
            Operation(text) with
            {
                By = text,
                Reason = text,
                Filter = new JobQuery
                {
                    Name = text,
                    Queue = text,
                    Worker = text,
                    RootId = text,
                    ScheduleId = text,
                    Fingerprint = text,
                    EditedFrom = text,
                    ArgumentText = text,
                },
            },
            Stop);
        AssertSame(added, await FindOneAsync(text));
        Assert.Equal(text, added.Filter.ArgumentText);
        await Operations.TakeAsync(text, Lease, Stop);
        var failed = added with { State = BulkState.Failed, Error = text };
        Assert.Equal(text, (await Operations.ReportAsync(text, failed, Lease, Stop))?.Error);
    }

    [Fact]
    public async Task Take_ManyProcessesAtOnce_NoOperationIsLentTwice()
    {
        for (var i = 0; i < 8; i++)
        {
            await Operations.AddAsync(Operation($"op{i}"), Stop);
        }

        var taken = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(
            async () => (await OperationsOf(i % 2 == 0 ? Storage : Other).TakeAsync($"p{i}", Lease, Stop))?.Id, Stop)));

        var ids = taken.OfType<string>().ToArray();
        Assert.Equal(ids.Length, ids.Distinct().Count());
        var rest = new List<string>();
        for (var i = 0; await Operations.TakeAsync($"late{i}", Lease, Stop) is { } one; i++)
        {
            rest.Add(one.Id);
        }

        Assert.Equal(8, ids.Length + rest.Count);
    }

    private static BulkOperation Operation(string id) => new()
    {
        Id = id,
        Action = BulkAction.RunAgain,
        Filter = new JobQuery { States = [JobState.Failed] },
    };

    private static void AssertSame(BulkOperation expected, BulkOperation actual)
    {
        Assert.Equal(expected.Filter.States, actual.Filter.States);
        Assert.Equal(expected.Filter with { States = [] }, actual.Filter with { States = [] });
        Assert.Equal(expected with { Filter = actual.Filter }, actual);
    }

    private async Task<BulkOperation> FindOneAsync(string id) =>
        Assert.IsType<BulkOperation>(await Operations.FindAsync(id, Stop));

    private JobQuery FullFilter() => new()
    {
        States = [JobState.Failed, JobState.Dead],
        Name = "mail.welcome",
        Queue = "mail",
        Tag = "order:42",
        Worker = TestData.Owner().Key,
        RootId = "root",
        ScheduleId = "nightly",
        Fingerprint = "0123456789abcdef",
        EditedFrom = "old",
        Since = Time.GetUtcNow() - TimeSpan.FromHours(2),
        Until = Time.GetUtcNow(),
        ArgumentText = "anna \"quoted\"",
    };
}
