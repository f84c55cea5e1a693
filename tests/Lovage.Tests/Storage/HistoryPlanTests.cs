using System.Collections.Immutable;
using Lovage.Protocol;
using Lovage.Storage;
using Lovage.Storage.Plans;

namespace Lovage.Tests.Storage;

public sealed class HistoryPlanTests
{
    private static readonly long Now = StorageTime.From(new DateTimeOffset(2026, 1, 8, 12, 5, 0, TimeSpan.Zero));
    private static readonly long Step = FailureWindows.StepOf(Now);

    private static readonly JobMessage Message = new()
    {
        Id = JobId.Parse("a"),
        Name = "n",
        Queue = "q",
        Body = JobBody.Empty,
    };

    [Theory]
    [InlineData(0, 1, 1, 1, 23)]
    [InlineData(5, 1, 1, 1, 23)]
    [InlineData(6, 1, 1, 1, 22)]
    [InlineData(7, 0, 1, 1, 22)]
    [InlineData(143, 0, 1, 1, 0)]
    [InlineData(144, 0, 1, 1, 0)]
    [InlineData(145, 0, 0, 1, -1)]
    [InlineData(7 * 144, 0, 0, 1, -1)]
    [InlineData((7 * 144) + 1, 0, 0, 0, -1)]
    [InlineData(-3, 1, 1, 1, 23)]
    public void Windows_OfOneStep_HoldItWhileTheyTouchIt(int age, int hour, int day, int week, int slot)
    {
        var windows = FailureWindows.Of([(Step - age, 1)], Now);

        Assert.Equal((hour, day, week), (windows.LastHour, windows.LastDay, windows.LastWeek));
        Assert.Equal(slot, windows.Hours.ToList().IndexOf(1));
        Assert.Equal((24, day), (windows.Hours.Count, windows.Hours.Sum()));
    }

    [Fact]
    public void Windows_OfAnySteps_HoldEachOther()
    {
        var random = new Random(7);
        for (var i = 0; i < 500; i++)
        {
            var steps = Enumerable.Range(0, random.Next(30))
                .Select(_ => (Step - random.Next(1_200), (long)random.Next(100))).ToArray();
            var windows = FailureWindows.Of(steps, Now + random.Next(100_000_000));
            Assert.True(windows.LastHour <= windows.LastDay && windows.LastDay <= windows.LastWeek);
            Assert.Equal(windows.LastDay, windows.Hours.Sum());
            Assert.True(windows.Hours[23] <= windows.LastHour);
        }
    }

    [Fact]
    public void Measures_OfAnAttempt_AreThoseOfItsHandler()
    {
        var error = new JobError("T", "m", null);
        var attempt = new AttemptRecord
        {
            Number = 1,
            End = AttemptEnd.Failed,
            StartedAt = DateTimeOffset.UnixEpoch,
            Duration = TimeSpan.FromSeconds(2),
            Wait = TimeSpan.FromSeconds(1),
            Worker = "w",
            Error = error,
        };

        Assert.Equal(
            new AttemptMeasures(attempt.Wait, attempt.Duration, error.Fingerprint("n")),
            AttemptMeasures.Of(attempt, "n"));
        Assert.Null(AttemptMeasures.Of(attempt with { Number = 2 }, "n").Wait);
        Assert.Equal(default, AttemptMeasures.Of(attempt with { Wait = null, Duration = default, Error = null }, "n"));
        Assert.Equal(
            new AttemptMeasures(TimeSpan.Zero, TimeSpan.Zero, null),
            AttemptMeasures.Of(attempt with { Wait = default(TimeSpan), Duration = default, Error = null }, "n"));
    }

    [Fact]
    public void Marks_OfAMessage_AreThoseOfItsStoredFields()
    {
        var message = Message with
        {
            Tags = ["a", "b\"c"],
            RootId = "root",
            Headers = ImmutableDictionary<string, string>.Empty.Add("lovage_schedule", "grüß")
                .Add("lovage_edited_from", "old").Add("other", "x"),
        };

        JobMark[] expected =
        [
            new(JobMarkKind.Tag, "a"), new(JobMarkKind.Tag, "b\"c"), new(JobMarkKind.Root, "root"),
            new(JobMarkKind.Schedule, "grüß"), new(JobMarkKind.EditedFrom, "old"),
        ];
        Assert.Equal(expected, JobMark.Of(message));
        Assert.Equal(expected, JobMark.Of(MessageColumns.More(message, withOrigin: true)));
    }

    [Fact]
    public void Marks_OfMostMessages_AreNone()
    {
        var message = Message with
        {
            ParentId = "parent",
            Headers = Message.Headers.Add("traceparent", "00-x").Add("root", "x"),
        };

        Assert.Empty(JobMark.Of(Message));
        Assert.Empty(JobMark.Of(message));
        Assert.Empty(JobMark.Of(MessageColumns.More(message, withOrigin: true)));
        Assert.Empty(JobMark.Of([]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("zero\0")]
    [InlineData(null)]
    public void Marks_OfTextsThatAreNoIds_AreNone(string? text) =>
        Assert.Empty(JobMark.Of(Message with { RootId = text ?? new string('x', JobMark.LengthMax + 1) }));

    [Fact]
    public void Marks_MatchAQuery_WhenEachIsThere()
    {
        var marks = JobMark.Of(Message with { Tags = ["t"], RootId = "root" });

        Assert.True(JobMark.Match(marks, Message.Id, new JobQuery()));
        Assert.True(JobMark.Match(marks, Message.Id, new JobQuery { Tag = "t", RootId = "root" }));
        Assert.True(JobMark.Match([], Message.Id, new JobQuery { RootId = "a" }));
        Assert.False(JobMark.Match(marks, Message.Id, new JobQuery { Tag = "root" }));
        Assert.False(JobMark.Match(marks, Message.Id, new JobQuery { Tag = "t", ScheduleId = "root" }));
    }
}
