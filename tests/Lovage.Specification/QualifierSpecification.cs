using System.Collections.Immutable;
using System.Text;
using Lovage.Protocol;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Each filter of a query finds exactly its jobs.</summary>
public abstract class QualifierSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private const string Schedule = "lovage_schedule";
    private const string EditedFrom = "lovage_edited_from";

    private static readonly RetentionPolicy KeepNothing = new(TimeSpan.MaxValue, TimeSpan.MaxValue, 0);

    [Fact]
    public void Qualifiers_OfThisStorage_AreAll() => Assert.Equal(JobQualifiers.All, History.Qualifiers);

    [Fact]
    public async Task Query_SinceAndUntil_HoldTheFirstInstantAndNotTheLast()
    {
        var messages = A.Messages(5);
        var at = new List<DateTimeOffset>();
        foreach (var message in messages)
        {
            at.Add(Time.GetUtcNow());
            await PublishAsync(message);
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal([4, 3], await FoundAsync(new JobQuery { Since = at[3] }));
        Assert.Equal([2, 1, 0], await FoundAsync(new JobQuery { Until = at[3] }));
        Assert.Equal([2, 1], await FoundAsync(new JobQuery { Since = at[1], Until = at[3] }));
        Assert.Equal([4, 3, 2, 1, 0], await FoundAsync(new JobQuery { Since = DateTimeOffset.MinValue }));
        Assert.Empty(await FoundAsync(new JobQuery { Since = at[4].AddTicks(1) }));
        Assert.Empty(await FoundAsync(new JobQuery { Since = at[3], Until = at[3] }));
        Assert.Empty(await FoundAsync(new JobQuery { Since = at[4], Until = at[0] }));
        var elsewhere = at[1].ToOffset(TimeSpan.FromHours(5));
        Assert.Equal([1], await FoundAsync(new JobQuery { Since = elsewhere, Until = at[2] }));

        async Task<IReadOnlyList<int>> FoundAsync(JobQuery query) =>
            [.. (await IdsAsync(query)).Select(id => Array.FindIndex(messages, message => message.Id == id))];
    }

    [Fact]
    public async Task Query_SinceAndUntil_HoldWithManyJobsBeforeAndBehind()
    {
        for (var batch = 0; batch < 6; batch++)
        {
            await PublishAsync(A.Messages(500));
            Time.Advance(TimeSpan.FromMinutes(1));
        }

        var start = Time.GetUtcNow() - TimeSpan.FromMinutes(6);
        var query = new JobQuery { Since = start.AddMinutes(2), Until = start.AddMinutes(4), Limit = 300 };
        Assert.Equal(1_000, (await AllAsync(query)).Count);
        Assert.Equal(new BoundedCount(1_000, true), await History.CountAsync(query, 2_000, Stop));
        Assert.Equal(new BoundedCount(600, false), await History.CountAsync(query, 600, Stop));
    }

    [Fact]
    public async Task Query_Root_FindsTheWholeTreeAndItsRoot()
    {
        var root = await PublishOneAsync();
        var child = A.Message() with { RootId = root.Id.Value, ParentId = root.Id.Value };
        var grandchild = A.Message() with { RootId = root.Id.Value, ParentId = child.Id.Value };
        var other = A.Message() with { RootId = A.Id().Value };
        await PublishAsync(child, A.Message(), other, grandchild);

        Assert.Equal([grandchild.Id, child.Id, root.Id], await IdsAsync(new JobQuery { RootId = root.Id.Value }));
        Assert.Equal([other.Id], await IdsAsync(new JobQuery { RootId = other.RootId }));
        Assert.Empty(await IdsAsync(new JobQuery { RootId = child.Id.Value + "x" }));
        Assert.Equal([child.Id], await IdsAsync(new JobQuery { RootId = child.Id.Value }));
    }

    [Fact]
    public async Task Query_RootThatNamesItself_FindsItOnce()
    {
        var root = A.Message();
        root = root with { RootId = root.Id.Value };
        await PublishAsync(root);

        Assert.Equal([root.Id], await IdsAsync(new JobQuery { RootId = root.Id.Value }));
    }

    [Fact]
    public async Task Query_RootPublishedBehindItsBranches_KeepsTheOrderInPages()
    {
        var root = A.Message();
        JobMessage[] tree =
        [
            A.Message() with { RootId = root.Id.Value }, root, A.Message() with { RootId = root.Id.Value },
        ];
        await PublishAsync(tree);

        var found = await AllAsync(new JobQuery { RootId = root.Id.Value, Limit = 1 });
        Assert.Equal(Ids(tree.Reverse()), found);
    }

    [Fact]
    public async Task Query_ScheduleAndEditedFrom_GoByTheHeaders()
    {
        var first = await PublishOneAsync();
        var edited = Headed(EditedFrom, first.Id.Value);
        var scheduled = Headed(Schedule, "nightly");
        await PublishAsync(edited, scheduled, Headed("other", "nightly"), A.Message() with { Tags = ["nightly"] });

        Assert.Equal([edited.Id], await IdsAsync(new JobQuery { EditedFrom = first.Id.Value }));
        Assert.Equal([scheduled.Id], await IdsAsync(new JobQuery { ScheduleId = "nightly" }));
        Assert.Empty(await IdsAsync(new JobQuery { ScheduleId = first.Id.Value }));
        Assert.Empty(await IdsAsync(new JobQuery { EditedFrom = "nightly" }));
        Assert.Empty(await IdsAsync(new JobQuery { ScheduleId = "nightly", EditedFrom = first.Id.Value }));
    }

    [Fact]
    public async Task Query_Schedule_FindsTheJobOfATick()
    {
        var schedule = await SaveAsync(A.Schedule());
        Time.Advance(TimeSpan.FromMinutes(1));
        var job = Headed(Schedule, schedule.Id);
        Assert.Equal(FireStatus.Recorded, await RecordAsync(TestData.NextFiring(schedule, job)));

        Assert.Equal([job.Id], await IdsAsync(new JobQuery { ScheduleId = schedule.Id }));
    }

    [Fact]
    public async Task NewestOfSchedules_Several_AreTheNewestOfEachWithItsState()
    {
        await PublishAsync(Headed(Schedule, "nightly"), Headed(Schedule, "hourly"), A.Message());
        foreach (var delivery in await ReceiveAsync(10))
        {
            await SettleAsync(delivery, JobDecision.Fail);
        }

        var (waits, runs) = (Headed(Schedule, "nightly"), Headed(Schedule, "weekly"));
        await PublishAsync(runs);
        var held = await ReceiveOneAsync();
        await Store.RecordStartsAsync([new JobStart(held.Token, runs.Id, Time.GetUtcNow(), Ahead: false)], Stop);
        await PublishAsync(waits);

        string[] asked = ["none", "nightly", "hourly", "weekly", "nightly"];
        var newest = await History.NewestOfSchedulesAsync(asked, Stop);
        Assert.Equal(
            [null, JobState.Queued, JobState.Failed, JobState.Running, JobState.Queued],
            newest.Select(static job => job?.State));
        Assert.Equal(waits.Id, newest[1]?.Id);
        foreach (var (schedule, job) in asked.Zip(newest))
        {
            Assert.Equal(
                (await IdsAsync(new JobQuery { ScheduleId = schedule })).FirstOrDefault(), job?.Id ?? default);
        }
    }

    [Fact]
    public async Task Query_Fingerprint_IsThatOfTheNewestFailedAttempt()
    {
        var message = await PublishOneAsync();
        var (first, second) = (new JobError("A", "one", "at X.Y()"), new JobError("B", "two", "at X.Y()"));
        await FailAsync(first, JobDecision.Retry);
        await AssertAsync(first);
        await FailAsync(second, JobDecision.Retry);
        await AssertAsync(second);

        // A death throws nothing, and neither does a success.
        await StartAsync(await ReceiveOneAsync());
        await KillAsync();
        await AssertAsync(second);
        await SettleAsync(await ReceiveOneOrphanAsync());
        await AssertAsync(second);
        Assert.Equal(second, (await FindAsync(message.Id)).Error);

        // A requeued job is like new.
        await RequeueAsync([message.Id]);
        await AssertAsync(null);
        await FailAsync(first, JobDecision.Fail);
        await AssertAsync(first);
        Assert.Equal(
            [message.Id],
            await IdsAsync(new JobQuery { Fingerprint = first.Fingerprint("tasks.add"), States = [JobState.Failed] }));
        Assert.Empty(
            await IdsAsync(new JobQuery { Fingerprint = first.Fingerprint("tasks.add"), States = [JobState.Queued] }));

        async Task FailAsync(JobError error, JobDecision decision)
        {
            var outcome = A.Outcome(await ReceiveOneAsync(), decision);
            await SettleAsync(outcome with { Attempt = outcome.Attempt with { Error = error } });
        }

        async Task AssertAsync(JobError? expected)
        {
            foreach (var error in new[] { first, second })
            {
                Assert.Equal(
                    error == expected ? [message.Id] : [],
                    await IdsAsync(new JobQuery { Fingerprint = error.Fingerprint("tasks.add") }));
            }
        }
    }

    [Fact]
    public async Task Query_Worker_IsTheOneThatRunsOrRanLast()
    {
        var message = await PublishOneAsync();
        var (one, two) = (TestData.Owner("one").Key, TestData.Owner("two").Key);
        var delivery = await ReceiveOneAsync("one");
        Assert.Empty(await IdsAsync(new JobQuery { Worker = one }));
        await StartAsync(delivery, ahead: false);
        Assert.Equal([message.Id], await IdsAsync(new JobQuery { Worker = one }));
        Assert.Equal([message.Id], await IdsAsync(new JobQuery { Worker = one, States = [JobState.Running] }));
        await SettleAsync(A.Outcome(delivery, JobDecision.Retry));
        Assert.Equal([message.Id], await IdsAsync(new JobQuery { Worker = one, States = [JobState.Retrying] }));

        delivery = await ReceiveOneAsync("two");
        Assert.Equal([message.Id], await IdsAsync(new JobQuery { Worker = one }));
        await StartAsync(delivery, ahead: false);
        Assert.Empty(await IdsAsync(new JobQuery { Worker = one }));
        Assert.Equal([message.Id], await IdsAsync(new JobQuery { Worker = two }));
        var outcome = A.Outcome(delivery);
        await SettleAsync(outcome with { Attempt = outcome.Attempt with { Worker = two } });
        Assert.Empty(await IdsAsync(new JobQuery { Worker = one }));
        Assert.Equal([message.Id], await IdsAsync(new JobQuery { Worker = two, Name = "tasks.add" }));
        Assert.Empty(await IdsAsync(new JobQuery { Worker = two, Name = "tasks.sub" }));
    }

    [Fact]
    public async Task Query_Queue_FollowsAMovedJob()
    {
        var messages = A.Messages(3);
        await PublishAsync(messages);
        await Store.MoveAsync([messages[1].Id], new JobMove("other", null), Stop);

        Assert.Equal([messages[1].Id], await IdsAsync(new JobQuery { Queue = "other" }));
        Assert.Equal([messages[2].Id, messages[0].Id], await IdsAsync(new JobQuery { Queue = TestData.Queue }));
        await CancelAsync(messages[1].Id);
        Assert.Equal([messages[1].Id], await IdsAsync(new JobQuery { Queue = "other", States = [JobState.Cancelled] }));
    }

    [Fact]
    public async Task Query_ArgumentText_IsComparedToTheLetter()
    {
        JobMessage[] messages =
        [
            A.Message(body: "[[\"Grüß 50% _x\"], {}, {}]"),
            A.Message(body: "[[\"gruss\"], {}, {}]"),
            A.Message(body: "[[\"Grüß\"], {}, {}]") with { Tags = ["t"] },
        ];
        await PublishAsync(messages);

        Assert.Equal([messages[2].Id, messages[0].Id], await IdsAsync(new JobQuery { ArgumentText = "Grüß" }));
        Assert.Empty(await IdsAsync(new JobQuery { ArgumentText = "GRUSS" }));
        Assert.Equal([messages[0].Id], await IdsAsync(new JobQuery { ArgumentText = "50% _" }));
        Assert.Empty(await IdsAsync(new JobQuery { ArgumentText = "5_%" }));
        Assert.Equal([messages[2].Id], await IdsAsync(new JobQuery { ArgumentText = "Grüß", Tag = "t" }));
        Assert.Equal(3, (await IdsAsync(new JobQuery { ArgumentText = "\"" })).Length);
        Assert.False((await History.QueryAsync(new JobQuery { ArgumentText = "no such" }, Stop)).IsPartial);
    }

    [Fact]
    public async Task Query_ArgumentText_EndsAtItsBoundAndSaysSo()
    {
        var old = A.Message(body: "[[\"needle\"], {}, {}]");
        await PublishAsync(old, A.Message(name: "tasks.other"));
        const int Others = JobHistory.ArgumentScanMax + 1;
        for (var left = Others; left > 0; left -= JobBroker.BatchMax)
        {
            await PublishAsync(A.Messages(Math.Min(left, JobBroker.BatchMax)));
        }

        var query = new JobQuery { ArgumentText = "needle" };
        var page = await History.QueryAsync(query, Stop);
        Assert.Empty(page.Jobs);
        Assert.True(page.IsPartial);
        Assert.Equal(new BoundedCount(0, false), await History.CountAsync(query, 10, Stop));

        page = await History.QueryAsync(query with { After = page.Next }, Stop);
        Assert.Equal([old.Id], page.Jobs.Select(static job => job.Id));
        Assert.Equal((false, null), (page.IsPartial, page.Next));

        // Only jobs that match the rest count.
        query = new JobQuery { ArgumentText = "]", Name = "tasks.other" };
        Assert.Single(await AllAsync(query));
    }

    [Fact]
    public async Task Query_FilterThatNoJobHas_FindsNone()
    {
        await PublishAsync(A.Messages(3));
        var text = new string('x', 3_000);
        foreach (var query in new JobQuery[]
        {
            new() { Worker = text },
            new() { RootId = text },
            new() { ScheduleId = text },
            new() { Fingerprint = text },
            new() { EditedFrom = text },
            new() { ArgumentText = text },
            new() { RootId = "" },
            new() { RootId = "'; DROP TABLE jobs; --", ScheduleId = "\0", EditedFrom = "%" },
        })
        {
            Assert.Empty(await IdsAsync(query));
        }
    }

    [Fact]
    public async Task Publish_LongOrStrangeRootAndHeaders_AreStored()
    {
        var text = new string('x', 5_000);
        var message = Headed(Schedule, text) with { RootId = KeepsAnyMessage ? text + "\0" : "strange:._-" };
        await PublishAsync(message);

        AssertSame(message, (await FindAsync(message.Id)).Message);
        await CancelAsync(message.Id);
        Assert.Equal([ChangeStatus.Changed], Statuses(await Store.DeleteAsync([message.Id], Stop)));
    }

    [Fact]
    public async Task DeleteAndPrune_TakeTheMarksAlong()
    {
        var root = await PublishOneAsync();
        JobMessage[] marked = [Marked(), Marked()];
        await PublishAsync(marked);
        await Store.CancelAsync([.. marked.Select(static m => m.Id)], null, Stop);
        await Store.DeleteAsync([marked[0].Id], Stop);
        await AssertAsync(marked[1].Id);

        // The same id is a new job with marks of its own.
        await PublishAsync(A.Message() with { Id = marked[0].Id, HasChosenId = true });
        await AssertAsync(marked[1].Id);
        Assert.Equal(1, await Store.PruneAsync(KeepNothing, 10, Stop));
        await AssertAsync();

        JobMessage Marked() => Headed(Schedule, "nightly") with
        {
            RootId = root.Id.Value,
            HasChosenId = true,
        };

        async Task AssertAsync(params JobId[] expected)
        {
            Assert.Equal(expected, await IdsAsync(new JobQuery { ScheduleId = "nightly" }));
            JobId[] tree = [.. expected, root.Id];
            Assert.Equal(tree, await IdsAsync(new JobQuery { RootId = root.Id.Value }));
        }
    }

    private JobMessage Headed(string name, string value) => A.Message() with
    {
        Headers = ImmutableDictionary<string, string>.Empty.Add(name, value),
    };

    /// <summary>The ids of all pages.</summary>
    private async Task<List<JobId>> AllAsync(JobQuery query)
    {
        var ids = new List<JobId>();
        JobPage page;
        do
        {
            page = await History.QueryAsync(query, Stop);
            Assert.True(page.Jobs.Count <= query.Limit);
            ids.AddRange(page.Jobs.Select(static job => job.Id));
            query = query with { After = page.Next };
        }
        while (page.Next is not null);

        return ids;
    }

    /// <summary>The ids of the first page, which the count must agree with.</summary>
    private async Task<JobId[]> IdsAsync(JobQuery query)
    {
        var page = await History.QueryAsync(query, Stop);
        Assert.Equal(page.Jobs.Count, (await History.CountAsync(query, 1_000, Stop)).Value);
        Assert.Null(page.Next);
        return [.. page.Jobs.Select(static job => job.Id)];
    }
}
