using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>The list of live workers.</summary>
public abstract class DirectorySpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task List_NoWorkerEver_IsEmpty() => Assert.Empty(await Workers.ListAsync(Stop));

    [Fact]
    public async Task Beat_IdleWorker_IsListedWithAllItSaid()
    {
        var startedAt = Time.GetUtcNow() - TimeSpan.FromMinutes(3);
        await Workers.BeatAsync(
            Beat("one", names: ["tasks.b", "tasks.a", "tasks.b"]) with { StartedAt = startedAt }, Stop);

        var worker = Assert.Single(await Workers.ListAsync(Stop));

        Assert.Equal(TestData.Owner("one").Key, worker.Owner);
        Assert.Equal(("host", 42, "1.2.3"), (worker.Host, worker.ProcessId, worker.Version));
        Assert.Equal((startedAt, Time.GetUtcNow()), (worker.StartedAt, worker.BeatAt));
        Assert.Equal(["quick", TestData.Queue], worker.Queues);
        Assert.Equal((8, 0), (worker.Slots, worker.Running));
        Assert.Equal(["tasks.a", "tasks.b"], worker.Names);
        Assert.True(worker.CanRun("quick", "tasks.b"));
        Assert.False(worker.CanRun("slow", "tasks.b"));
        Assert.False(worker.CanRun("quick", "tasks.c"));
        Assert.Empty(await Broker.OwnersAsync(Stop));
    }

    [Fact]
    public async Task Beat_WorkersOfTwoVersions_EachIsListedWithItsParameters()
    {
        foreach (var (instance, count) in new[] { ("old", 1), ("new", 2) })
        {
            var numbers = new Dictionary<string, int> { ["mail.greet"] = count };
            await Workers.BeatAsync(
                Beat(instance) with { Names = new JobNameSet(["mail.greet", "tasks.a", "x 5"], numbers) }, Stop);
        }

        var workers = (await Workers.ListAsync(Stop)).ToDictionary(static worker => worker.Owner);

        var (older, newer) = (workers[TestData.Owner("old").Key], workers[TestData.Owner("new").Key]);
        Assert.Equal(["mail.greet", "tasks.a", "x 5"], older.Names);
        Assert.Equal((1, 2), (older.Parameters["mail.greet"], newer.Parameters["mail.greet"]));
        Assert.Equal(["mail.greet"], newer.Parameters.Keys);
        Assert.Equal(
            (true, false, true, false),
            (
                older.CanRun("quick", "mail.greet", 1),
                older.CanRun("quick", "mail.greet", 2),
                newer.CanRun("quick", "mail.greet", 2),
                newer.CanRun("quick", "mail.greet", 3)));
        Assert.True(older.CanRun("quick", "tasks.a", 9));
    }

    [Fact]
    public async Task Beat_Again_SaysWhatIsNow()
    {
        await Workers.BeatAsync(Beat("one", names: ["tasks.a"]), Stop);
        Time.Advance(WorkerDirectory.BeatInterval);
        await Workers.BeatAsync(
            Beat("one", names: ["tasks.b", "tasks.c"]) with { Running = 3, Slots = 5, Queues = ["slow"] }, Stop);

        var worker = Assert.Single(await Workers.ListAsync(Stop));

        Assert.Equal((3, 5, Time.GetUtcNow()), (worker.Running, worker.Slots, worker.BeatAt));
        Assert.Equal(["slow"], worker.Queues);
        Assert.Equal(["tasks.b", "tasks.c"], worker.Names);
    }

    [Fact]
    public async Task Beat_QuietWorker_IsListedAsQuietUntilItBeatsOtherwise()
    {
        await Workers.BeatAsync(Beat("one") with { IsQuiet = true }, Stop);
        Assert.True(Assert.Single(await Workers.ListAsync(Stop)).IsQuiet);

        await Workers.BeatAsync(Beat("one"), Stop);
        Assert.False(Assert.Single(await WorkersOf(Other).ListAsync(Stop)).IsQuiet);
    }

    [Fact]
    public async Task List_WorkerThatDoesNotBeat_IsGoneAfterItsTime()
    {
        await Workers.BeatAsync(Beat("dead"), Stop);
        Time.Advance(WorkerDirectory.BeatInterval);
        await Workers.BeatAsync(Beat("alive"), Stop);
        Time.Advance(WorkerDirectory.LiveTime - WorkerDirectory.BeatInterval - Second);
        Assert.Equal(2, (await Workers.ListAsync(Stop)).Count);
        Time.Advance(Second * 2);

        Assert.Equal(Keys("alive"), await ListedAsync());

        await Workers.BeatAsync(Beat("alive"), Stop);
        await Workers.BeatAsync(Beat("dead"), Stop);
        Assert.Equal(Keys("alive", "dead").ToHashSet(), (await ListedAsync()).ToHashSet());
        Time.Advance(WorkerDirectory.LiveTime + Second);
        Assert.Empty(await Workers.ListAsync(Stop));
    }

    [Fact]
    public async Task Leave_ListedWorker_IsGoneAtOnce()
    {
        await Workers.BeatAsync(Beat("one"), Stop);
        await Workers.BeatAsync(Beat("two"), Stop);

        await Workers.LeaveAsync(TestData.Owner("one"), Stop);
        await Workers.LeaveAsync(TestData.Owner("one"), Stop);
        await Workers.LeaveAsync(TestData.Owner("never"), Stop);

        Assert.Equal(Keys("two"), await ListedAsync());
        await Workers.BeatAsync(Beat("one"), Stop);
        Assert.Equal(2, (await Workers.ListAsync(Stop)).Count);
    }

    [Fact]
    public async Task List_SeveralWorkers_InTheOrderInWhichTheyStarted()
    {
        var start = Time.GetUtcNow();
        await Workers.BeatAsync(Beat("third") with { StartedAt = start + Second }, Stop);
        await Workers.BeatAsync(Beat("first") with { StartedAt = start - Second }, Stop);
        await Workers.BeatAsync(Beat("second") with { StartedAt = start.ToOffset(TimeSpan.FromHours(2)) }, Stop);

        Assert.Equal(Keys("first", "second", "third"), await ListedAsync());
    }

    [Fact]
    public async Task Names_OfTwoWorkersWithOneDigest_OutliveOneOfThem()
    {
        var (one, two) = (Beat("one", names: ["tasks.a", "tasks.b"]), Beat("two", names: ["tasks.b", "tasks.a"]));
        Assert.Equal(one.Names.Digest, two.Names.Digest);
        await Workers.BeatAsync(one, Stop);
        await Workers.BeatAsync(two, Stop);
        Assert.All(await Workers.ListAsync(Stop), w => Assert.Equal(["tasks.a", "tasks.b"], w.Names));

        await Workers.LeaveAsync(one.Owner, Stop);
        await Workers.BeatAsync(two, Stop);
        Assert.Equal(["tasks.a", "tasks.b"], Assert.Single(await Workers.ListAsync(Stop)).Names);

        Time.Advance(WorkerDirectory.LiveTime * 3);
        await Workers.BeatAsync(Beat("other", names: ["tasks.c"]), Stop);
        await Workers.BeatAsync(two, Stop);
        Assert.Equal(
            ["tasks.a", "tasks.b"],
            Assert.Single(await Workers.ListAsync(Stop), w => w.Owner == two.Owner.Key).Names);
    }

    [Fact]
    public async Task Names_VeryMany_ComeBack()
    {
        string[] names = [.. Enumerable.Range(0, 1_000).Select(i => $"tasks.number_{i:0000}")];
        await Workers.BeatAsync(Beat("one", names: names), Stop);

        Assert.Equal(names, Assert.Single(await WorkersOf(Other).ListAsync(Stop)).Names);
    }

    [Fact]
    public async Task Jobs_Described_ComeBackWithNamesAndNumbers()
    {
        JobCatalogEntry[] jobs =
        [
            new()
            {
                Name = "mail.send",
                Aliases = ["mail.old"],
                Queue = "mail",
                Parameters = [new("to", false, false), new("key", true, true)],
                SensitiveParameters = ["key#2"],
                Schema = """{"type":"object","properties":{"to":{"type":"string","pattern":"^ž \u0022$"}}}""",
            },
            new() { Name = "bare" },
            new() { Name = "none", Parameters = [] },
        ];
        await Workers.BeatAsync(Beat("one") with { Names = JobNameSet.Of(jobs) }, Stop);
        await Workers.BeatAsync(Beat("two", names: ["mail.send"]), Stop);

        foreach (var directory in new[] { Workers, WorkersOf(Other), Workers })
        {
            var workers = (await directory.ListAsync(Stop)).ToDictionary(static worker => worker.Owner);
            var (one, two) = (workers[TestData.Owner("one").Key], workers[TestData.Owner("two").Key]);
            Assert.Equal(["bare", "mail.old", "mail.send", "none"], one.Names);
            Assert.Equal(
                [("mail.old", 2), ("mail.send", 2), ("none", 0)],
                one.Parameters.Select(static pair => (pair.Key, pair.Value)).Order());
            Assert.Equal(["bare", "mail.send", "none"], one.Jobs.Select(static job => job.Name));
            var mail = one.Jobs[1];
            Assert.Equal((jobs[0].Queue, jobs[0].Schema), (mail.Queue, mail.Schema));
            Assert.Equal(jobs[0].Aliases, mail.Aliases);
            Assert.Equal(jobs[0].Parameters!, mail.Parameters!);
            Assert.Equal(jobs[0].SensitiveParameters, mail.SensitiveParameters);
            Assert.Null(one.Jobs[0].Parameters);
            Assert.Empty(one.Jobs[2].Parameters!);
            Assert.Equal(["mail.send"], two.Names);
            Assert.Empty(two.Jobs);
        }
    }

    [Fact]
    public async Task Jobs_OfAWorkerThatStartsAgainWithOthers_AreTheNewOnes()
    {
        foreach (var queue in new[] { "old", "new" })
        {
            await Workers.BeatAsync(
                Beat("one") with { Names = JobNameSet.Of([new JobCatalogEntry { Name = "a", Queue = queue }]) }, Stop);
            Assert.Equal(queue, Assert.Single(Assert.Single(await Workers.ListAsync(Stop)).Jobs).Queue);
        }
    }

    [Fact]
    public async Task Jobs_WithSchemasOfMoreThanAMegabyte_ComeBackWithoutTheLastOnes()
    {
        var schema = $"{{\"title\":\"{new string('x', 16_000)}\"}}";
        JobCatalogEntry[] jobs =
        [
            .. Enumerable.Range(0, 80).Select(i => new JobCatalogEntry { Name = $"j{i:00}", Schema = schema }),
        ];
        await Workers.BeatAsync(Beat("one") with { Names = JobNameSet.Of(jobs) }, Stop);

        var worker = Assert.Single(await WorkersOf(Other).ListAsync(Stop));

        Assert.Equal(jobs.Select(static job => job.Name), worker.Jobs.Select(static job => job.Name));
        Assert.Equal((schema, null), (worker.Jobs[0].Schema, worker.Jobs[^1].Schema));
        Assert.InRange(worker.Jobs.Count(static job => job.Schema is not null), 50, 66);
    }

    [Fact]
    public async Task Names_None_ComeBackEmpty()
    {
        await Workers.BeatAsync(Beat("one", names: []) with { Version = "" }, Stop);

        var worker = Assert.Single(await Workers.ListAsync(Stop));
        Assert.Empty(worker.Names);
        Assert.Equal("", worker.Version);
    }

    [Theory]
    [MemberData(nameof(HostileTexts.All), MemberType = typeof(HostileTexts))]
    public async Task EveryText_Hostile_ComesBackToTheLetter(string text)
    {
        await Workers.BeatAsync(Beat("one", names: ["a", text]) with { Host = text, Version = text }, Stop);

        var worker = Assert.Single(await Workers.ListAsync(Stop));
        Assert.Equal((text, text), (worker.Host, worker.Version));
        Assert.Equal(new[] { "a", text }.ToHashSet(), worker.Names.ToHashSet());
    }

    [Fact]
    public async Task BeatsAndLeaves_OfAnotherProcess_AreSeen()
    {
        await WorkersOf(Other).BeatAsync(Beat("other", names: ["tasks.a"]), Stop);
        await Workers.BeatAsync(Beat("own", names: ["tasks.b"]), Stop);

        foreach (var storage in new[] { Storage, Other })
        {
            Assert.Equal(
                new[] { ("other", "tasks.a"), ("own", "tasks.b") }
                    .Select(w => (TestData.Owner(w.Item1).Key, w.Item2)).ToHashSet(),
                (await WorkersOf(storage).ListAsync(Stop)).Select(w => (w.Owner, w.Names[0])).ToHashSet());
        }

        await Workers.LeaveAsync(TestData.Owner("other"), Stop);
        Assert.Equal(Keys("own"), (await WorkersOf(Other).ListAsync(Stop)).Select(w => w.Owner));
    }

    [Fact]
    public async Task Beat_ManyWorkersAtOnce_AllAreListed()
    {
        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(
            async () => await WorkersOf(i % 2 == 0 ? Storage : Other).BeatAsync(
                Beat($"w{i}", names: [$"tasks.{i % 3}"]), Stop),
            Stop)));

        var workers = await Workers.ListAsync(Stop);
        Assert.Equal(12, workers.Count);
        Assert.All(
            Enumerable.Range(0, 12),
            i => Assert.Equal(
                [$"tasks.{i % 3}"], Assert.Single(workers, w => w.Owner == TestData.Owner($"w{i}").Key).Names));
    }

    private static string[] Keys(params string[] instances) =>
        [.. instances.Select(static instance => TestData.Owner(instance).Key)];

    private async Task<string[]> ListedAsync() => [.. (await Workers.ListAsync(Stop)).Select(w => w.Owner)];

    private WorkerBeat Beat(string instance, params string[] names) => new()
    {
        Owner = TestData.Owner(instance),
        Host = "host",
        Version = "1.2.3",
        StartedAt = Time.GetUtcNow(),
        Queues = ["quick", TestData.Queue],
        Slots = 8,
        Running = 0,
        Names = new JobNameSet(names),
    };
}
