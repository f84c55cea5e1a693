using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Schedules as they are kept, and which of them are due.</summary>
public abstract class ScheduleSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Instant = TimeSpan.FromTicks(1);

    [Fact]
    public async Task Save_New_ComesBackToTheLetter()
    {
        var schedule = Full();

        var version = await Schedules.SaveAsync(schedule, Stop);

        AssertSame(
            schedule with { Version = version!.Value, CreatedAt = Time.GetUtcNow() }, await ScheduleAsync("nightly"));
        Assert.True(version > 0);
        AssertSame(await ScheduleAsync("nightly"), Assert.Single(await Of(Other).ListAsync(null, 10, Stop)));
    }

    [Fact]
    public async Task Save_CountsAndTimesOfTheCaller_AreNotLookedAt()
    {
        var schedule = A.Schedule() with
        {
            CreatedAt = DateTimeOffset.UnixEpoch,
            LastTick = Time.GetUtcNow(),
            Fired = 1,
            Missed = 2,
            Skipped = 3,
        };

        var stored = await SaveAsync(schedule);

        Assert.Equal(
            (Time.GetUtcNow(), null, 0, 0, 0),
            (stored.CreatedAt, stored.LastTick, stored.Fired, stored.Missed, stored.Skipped));
    }

    [Fact]
    public async Task Save_ChangeOfTheStoredOne_KeepsWhatTicksHaveMade()
    {
        await SaveAsync(A.Schedule());
        Time.Advance(Minute);
        Assert.Equal(FireStatus.Recorded, await RecordAsync(A.NextFiring(await ScheduleAsync("nightly"))));
        var before = await ScheduleAsync("nightly");
        var change = Full() with
        {
            Version = before.Version,
            NextTick = Time.GetUtcNow() + Instant,
            LastTick = before.LastTick,
            Fired = 77,
        };

        var version = await Schedules.SaveAsync(change, Stop);

        Assert.True(version > before.Version);
        AssertSame(
            change with { Version = version!.Value, CreatedAt = before.CreatedAt, Fired = 1 },
            await ScheduleAsync("nightly"));
        Assert.Single(await Schedules.HistoryAsync("nightly", 10, Stop));
    }

    [Fact]
    public async Task Save_OfAnOlderVersion_IsRefused()
    {
        var read = await SaveAsync(A.Schedule());
        Assert.NotNull(await Of(Other).SaveAsync(read with { Trigger = "theirs" }, Stop));

        Assert.Null(await Schedules.SaveAsync(read with { Trigger = "mine" }, Stop));
        Assert.Null(await Schedules.SaveAsync(A.Schedule() with { Trigger = "new" }, Stop));
        Assert.Null(await Schedules.SaveAsync(A.Schedule("another") with { Version = read.Version }, Stop));

        Assert.Equal("theirs", (await ScheduleAsync("nightly")).Trigger);
        Assert.Equal(1, await Schedules.CountAsync(Stop));
    }

    [Fact]
    public async Task Save_BySeveralAtOnce_OneOfThemWins()
    {
        for (var round = 0; round < 50; round++)
        {
            var schedule = A.Schedule($"s{round}");
            if (round % 2 == 0)
            {
                schedule = await SaveAsync(schedule);
            }

            var versions = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Task.Run(
                () => Of(i % 2 == 0 ? Storage : Other).SaveAsync(schedule with { Trigger = $"{i}" }, Stop).AsTask(),
                Stop)));

            var winner = Assert.Single(Enumerable.Range(0, 4), i => versions[i] is not null);
            var stored = await ScheduleAsync(schedule.Id);
            Assert.Equal(($"{winner}", versions[winner]), (stored.Trigger, stored.Version));
        }
    }

    [Fact]
    public async Task Save_NextTickNotAfterTheLast_IsRefused()
    {
        var first = await SaveAsync(A.Schedule());
        Time.Advance(Minute);
        await RecordAsync(A.NextFiring(first));
        var stored = await ScheduleAsync("nightly");

        await Assert.ThrowsAsync<ArgumentException>(
            async () => await Schedules.SaveAsync(stored with { NextTick = stored.LastTick }, Stop));

        // What counts is what the storage keeps.
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await Schedules.SaveAsync(stored with { NextTick = stored.LastTick, LastTick = null }, Stop));
        AssertSame(stored, await ScheduleAsync("nightly"));
    }

    [Theory]
    [MemberData(nameof(HostileTexts.All), MemberType = typeof(HostileTexts))]
    public async Task Save_HostileText_ComesBackToTheLetter(string text)
    {
        var schedule = A.Schedule(text) with
        {
            Trigger = text,
            App = text,
            CodeDigest = text,
            CodeVersion = text,
            State = ScheduleState.Paused,
            Reason = text,
        };

        var stored = await SaveAsync(schedule);

        AssertSame(schedule with { Version = stored.Version, CreatedAt = stored.CreatedAt }, stored);
        Assert.True(await Schedules.RunAsync(text, A.Message(), Stop));
        Assert.Single(await Schedules.HistoryAsync(text, 10, Stop));
        Assert.True(await Schedules.RemoveAsync(text, Stop));
        Assert.Equal(0, await Schedules.CountAsync(Stop));
    }

    [Fact]
    public async Task Find_UnknownId_IsNull()
    {
        await SaveAsync(A.Schedule());

        Assert.Null(await Schedules.FindAsync("Nightly", Stop));
        Assert.Empty(await Schedules.HistoryAsync("Nightly", 10, Stop));
    }

    [Fact]
    public async Task List_Pages_ShowAllInTheOrderOfTheirCodePoints()
    {
        string[] ids = ["B", "a", "a-b", "a.b", "ab", "z", "\u00E9", "\uFFFD", "\U0001F33F"];
        foreach (var id in ids.Reverse())
        {
            await SaveAsync(A.Schedule(id));
        }

        var seen = new List<string>();
        while (await Schedules.ListAsync(seen.LastOrDefault(), 2, Stop) is { Count: > 0 } page)
        {
            Assert.True(page.Count == 2 || seen.Count == ids.Length - 1);
            seen.AddRange(page.Select(schedule => schedule.Id));
        }

        Assert.Equal(ids, seen);
        Assert.Equal(ids.Length, await Schedules.CountAsync(Stop));
    }

    [Fact]
    public async Task Remove_Schedule_TakesItsHistoryAndLeavesItsJobs()
    {
        var other = await SaveAsync(A.Schedule("other"));
        var first = await SaveAsync(A.Schedule());
        Time.Advance(Minute);
        var firing = A.NextFiring(first);
        await Schedules.RecordAsync([firing, A.NextFiring(other)], Stop);

        Assert.True(await Schedules.RemoveAsync("nightly", Stop));

        Assert.False(await Schedules.RemoveAsync("nightly", Stop));
        Assert.Null(await Schedules.FindAsync("nightly", Stop));
        Assert.Empty(await Schedules.HistoryAsync("nightly", 10, Stop));
        Assert.Single(await Schedules.HistoryAsync("other", 10, Stop));
        Assert.Equal(JobState.Queued, await StateAsync(firing.Jobs[0]));
        Assert.Equal(1, await Schedules.CountAsync(Stop));
    }

    [Fact]
    public async Task Remove_ThenSaveAnew_AnOldFiringIsStale()
    {
        var old = await SaveAsync(A.Schedule());
        Time.Advance(Minute);
        var firing = A.NextFiring(old);
        await Schedules.RemoveAsync("nightly", Stop);

        var anew = await SaveAsync(A.Schedule(next: TimeSpan.Zero));

        Assert.True(anew.Version > old.Version);
        Assert.Equal(FireStatus.Stale, await RecordAsync(firing));
        Assert.Empty(await ReceiveAsync());
    }

    [Fact]
    public async Task Due_NothingStored_IsEmpty()
    {
        var due = await Schedules.DueAsync(10, Stop);

        Assert.Equal((Time.GetUtcNow(), null, false), (due.Now, due.UntilNext, due.AnyQueued));
        Assert.Empty(due.Schedules);
    }

    [Fact]
    public async Task Due_ByTheStoragesClock_NeverEarly()
    {
        await SaveAsync(A.Schedule());
        Time.Advance(Minute - Instant);

        var early = await Schedules.DueAsync(10, Stop);
        Assert.Empty(early.Schedules);
        Assert.Equal(Instant, early.UntilNext);

        Time.Advance(Instant);
        var due = await Of(Other).DueAsync(10, Stop);
        AssertSame(await ScheduleAsync("nightly"), Assert.Single(due.Schedules).Schedule);
        Assert.Equal((Time.GetUtcNow(), null), (due.Now, due.UntilNext));
    }

    [Fact]
    public async Task Due_Many_TheLongestDueComeFirst()
    {
        int[] minutes = [3, 1, 5, 2, 4, 9];
        foreach (var minute in minutes)
        {
            await SaveAsync(A.Schedule($"s{minute}", minute * Minute));
        }

        Time.Advance(5 * Minute);

        var some = await Schedules.DueAsync(2, Stop);
        Assert.Equal(["s1", "s2"], some.Schedules.Select(due => due.Schedule.Id));
        Assert.Equal(TimeSpan.Zero, some.UntilNext);
        var all = await Schedules.DueAsync(5, Stop);
        Assert.Equal(["s1", "s2", "s3", "s4", "s5"], all.Schedules.Select(due => due.Schedule.Id));
        Assert.Equal(4 * Minute, all.UntilNext);
    }

    [Theory]
    [InlineData(ScheduleState.Paused)]
    [InlineData(ScheduleState.Broken)]
    [InlineData(ScheduleState.Ended)]
    public async Task Due_OneThatIsNotActive_IsLeftOut(ScheduleState state)
    {
        var stored = await SaveAsync(A.Schedule() with { State = state, QueuedTick = Time.GetUtcNow() });
        Time.Advance(2 * Minute);

        var due = await Schedules.DueAsync(10, Stop);
        Assert.Empty(due.Schedules);
        Assert.Equal((null, false), (due.UntilNext, due.AnyQueued));
        Assert.Equal(FireStatus.Stale, await RecordAsync(A.NextFiring(stored)));

        await SaveAsync(stored with { State = ScheduleState.Active });
        Assert.Single((await Schedules.DueAsync(10, Stop)).Schedules);
    }

    [Fact]
    public async Task Due_NoNextTick_NeverComes()
    {
        await SaveAsync(A.Schedule() with { NextTick = null });
        Time.Advance(TimeSpan.FromDays(1_000));

        var due = await Schedules.DueAsync(10, Stop);

        Assert.Empty(due.Schedules);
        Assert.Null(due.UntilNext);
    }

    [Fact]
    public async Task Signals_OfSaveAndResign_AreHeard()
    {
        var heard = 0;
        using var listening = Storage.Signals.Subscribe(_ => heard++, SignalKind.SchedulesChanged);

        await SaveAsync(A.Schedule());
        Assert.True(heard > 0);
        heard = 0;
        await Schedules.ResignAsync("one", Stop);
        Assert.True(heard > 0);
    }

    /// <summary>One with every field set.</summary>
    private ScheduleRecord Full() => A.Schedule() with
    {
        Job = A.Full() with { Delay = TimeSpan.FromSeconds(3), HasChosenId = true },
        Policy = new SchedulePolicy
        {
            Misfire = MisfireRule.CatchUp,
            Grace = TimeSpan.FromMinutes(7),
            CatchUpMax = 8,
            Overlap = OverlapRule.Allow,
            OverlapMax = 9,
            Jitter = TimeSpan.FromSeconds(10),
        },
        App = "billing",
        CodeDigest = "sha256:0123",
        CodeVersion = "1.2.0-beta.3",
        IsEdited = true,
        Reason = "for a reason",
        QueuedTick = Time.GetUtcNow() - Minute,
    };

    private static void AssertSame(ScheduleRecord expected, ScheduleRecord actual)
    {
        AssertSame(expected.Job, actual.Job);
        Assert.Equal((expected.Job.Delay, expected.Job.HasChosenId), (actual.Job.Delay, actual.Job.HasChosenId));
        Assert.Equal(expected with { Job = actual.Job }, actual);
    }
}
