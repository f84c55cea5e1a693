using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>What people did.</summary>
public abstract class AuditSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    [Fact]
    public async Task List_NothingEver_IsEmpty() => Assert.Empty(await ListAsync());

    [Fact]
    public async Task Append_Records_ComeBackWhole_NewestFirst()
    {
        var full = new AuditRecord
        {
            By = "anna",
            Action = "pause",
            Target = "queue:mail",
            Before = "not paused",
            After = "paused",
            Reason = "the mail server is down",
            Source = "console",
            Address = "10.0.0.7",
        };
        await Audit.AppendAsync([full, Record("resume")], Stop);
        var first = Time.GetUtcNow();
        Time.Advance(Day);
        await AuditOf(Other).AppendAsync([Record("purge")], Stop);

        var list = await ListAsync();

        Assert.Equal(["purge", "resume", "pause"], list.Select(static record => record.Action));
        Assert.Equal([first + Day, first, first], list.Select(static record => record.At));
        Assert.True(list[0].Number > list[1].Number && list[1].Number > list[2].Number && list[2].Number > 0);
        Assert.Equal(full with { Number = list[2].Number, At = first }, list[2]);
        Assert.Equal(Record("resume") with { Number = list[1].Number, At = first }, list[1]);
    }

    [Fact]
    public async Task List_EachFilter_IsTheRightRecords()
    {
        foreach (var by in new[] { "anna", "ben", "" })
        {
            await Audit.AppendAsync(
                [
                    new AuditRecord { By = by, Action = "pause", Target = "queue:mail" },
                    new AuditRecord { By = by, Action = "purge", Target = "queue:mail" },
                    new AuditRecord { By = by, Action = "purge", Target = "queue:other" },
                ],
                Stop);
        }

        Assert.Equal(3, (await ListAsync(new AuditQuery { By = "anna" })).Count);
        Assert.Equal(3, (await ListAsync(new AuditQuery { By = "" })).Count);
        Assert.Equal(6, (await ListAsync(new AuditQuery { Action = "purge" })).Count);
        Assert.Equal(3, (await ListAsync(new AuditQuery { Target = "queue:other" })).Count);
        Assert.Equal(
            ("ben", "purge", "queue:mail"),
            Assert.Single(
                (await ListAsync(new AuditQuery { By = "ben", Action = "purge", Target = "queue:mail" }))
                    .Select(static record => (record.By, record.Action, record.Target))));
        Assert.Empty(await ListAsync(new AuditQuery { By = "Anna" }));
        Assert.Empty(await ListAsync(new AuditQuery { Action = "pause", Target = "queue:other" }));
    }

    [Fact]
    public async Task List_PageByPage_MeetsEachRecordOnce()
    {
        await Audit.AppendAsync(
            [.. Enumerable.Range(0, 25).Select(i => Record(i % 2 == 0 ? "even" : "odd") with { Target = $"t{i:00}" })],
            Stop);

        var met = new List<string>();
        var query = new AuditQuery { Action = "even", Limit = 5 };
        while (await ListAsync(query) is { Count: > 0 } page)
        {
            Assert.InRange(page.Count, 1, 5);
            met.AddRange(page.Select(static record => record.Target));
            query = query with { Before = page[^1].Number };
            await Audit.AppendAsync([Record("even") with { Target = "later" }], Stop);
        }

        Assert.Equal(Enumerable.Range(0, 13).Select(i => $"t{24 - (i * 2):00}"), met);
    }

    [Fact]
    public async Task List_LimitOutOfRange_IsRefused()
    {
        foreach (var limit in new[] { 0, 1_001 })
        {
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
                async () => await ListAsync(new AuditQuery { Limit = limit }));
        }
    }

    [Fact]
    public async Task Append_TextsTooLong_AreCut()
    {
        var text = new string('x', 10_000);
        await Audit.AppendAsync(
            [
                new AuditRecord
                {
                    By = text,
                    Action = text,
                    Target = text,
                    Before = text,
                    After = text,
                    Reason = text,
                    Source = text,
                    Address = text,
                },
            ],
            Stop);

        var record = Assert.Single(await ListAsync());
        Assert.Equal(
            (200, 50, 300, 4_000, 4_000, 500, 50, 100),
            (
                record.By.Length,
                record.Action.Length,
                record.Target.Length,
                record.Before!.Length,
                record.After!.Length,
                record.Reason!.Length,
                record.Source.Length,
                record.Address!.Length));
    }

    [Theory]
    [MemberData(nameof(HostileTexts.All), MemberType = typeof(HostileTexts))]
    public async Task EveryText_Hostile_ComesBackToTheLetterAndIsFound(string text)
    {
        var record = new AuditRecord
        {
            By = text,
            Action = text,
            Target = text,
            Before = text,
            After = text,
            Reason = text,
            Source = text,
            Address = text,
        };
        await Audit.AppendAsync([record, Record("other")], Stop);

        var found = Assert.Single(await ListAsync(new AuditQuery { By = text, Action = text, Target = text }));
        Assert.Equal(record with { Number = found.Number, At = found.At }, found);
    }

    [Fact]
    public async Task Prune_OldRecords_GoOldestFirst_OthersStay()
    {
        for (var day = 0; day < 6; day++)
        {
            await Audit.AppendAsync([Record($"day{day}"), Record($"day{day}")], Stop);
            Time.Advance(Day);
        }

        Assert.Equal(0, await Audit.PruneAsync(Day * 6, 100, Stop));
        Assert.Equal(3, await Audit.PruneAsync((Day * 3) - TimeSpan.FromSeconds(1), 3, Stop));
        Assert.Equal("day1", (await ListAsync())[^1].Action);
        Assert.Equal(5, await Audit.PruneAsync((Day * 3) - TimeSpan.FromSeconds(1), 100, Stop));
        Assert.Equal(0, await Audit.PruneAsync((Day * 3) - TimeSpan.FromSeconds(1), 100, Stop));
        Assert.Equal(["day5", "day5", "day4", "day4"], (await ListAsync()).Select(static record => record.Action));
    }

    [Fact]
    public async Task Append_ManyAtOnce_AllAreKept()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(
            async () => await AuditOf(i % 2 == 0 ? Storage : Other).AppendAsync(
                [.. Enumerable.Range(0, 10).Select(j => Record($"a{i}") with { Target = $"{j}" })], Stop),
            Stop)));

        var list = await ListAsync(new AuditQuery { Limit = 1_000 });
        Assert.Equal(200, list.Select(static record => record.Number).Distinct().Count());
        Assert.All(
            list.GroupBy(static record => record.Action),
            static batch => Assert.Equal(
                Enumerable.Range(0, 10).Reverse().Select(static j => $"{j}"),
                batch.Select(static record => record.Target)));
    }

    private static AuditRecord Record(string action) => new() { By = "anna", Action = action, Target = "queue:mail" };

    private ValueTask<IReadOnlyList<AuditRecord>> ListAsync(AuditQuery? query = null) =>
        Audit.ListAsync(query ?? new AuditQuery(), Stop);
}
