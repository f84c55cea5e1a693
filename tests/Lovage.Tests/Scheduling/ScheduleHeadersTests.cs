using System.Collections.Immutable;
using Lovage.Protocol;
using Lovage.Scheduling;
using Lovage.Storage;

namespace Lovage.Tests.Scheduling;

/// <summary>What a handler is told of the tick it stands for.</summary>
public sealed class ScheduleHeadersTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Make_DueTick_PutsScheduleAndTickBesideTheTemplatesHeaders()
    {
        var template = new JobMessage
        {
            Id = default,
            Name = "report",
            Queue = "default",
            Body = JobBody.Empty,
            Headers = ImmutableDictionary<string, string>.Empty.Add("tenant", "north"),
        };
        var schedule = new ScheduleRecord
        {
            Id = "often",
            Trigger = Every.Seconds(1).ToJson(),
            Job = template,
            Policy = new SchedulePolicy(),
            NextTick = Now,
        };

        var job = Assert.Single(SchedulePlan.Make(new DueSchedule(schedule, 0), Every.Seconds(1) with
        {
            Anchor = Now,
        }, Now, () => JobId.Parse("a")).Jobs);

        Assert.Equal(("north", "often"), (job.Headers["tenant"], job.Headers[ScheduleHeaders.Schedule]));
        Assert.Equal(Now, ScheduleHeaders.Read(job.Headers));
    }

    [Theory]
    [InlineData("2026-11-22T12:00:00.0000000Z", true)]
    [InlineData("2026-11-22", false)]
    [InlineData("yesterday", false)]
    [InlineData("", false)]
    public void Read_AnyText_IsATickOrNone(string text, bool isTick) =>
        Assert.Equal(
            isTick ? Now : null,
            ScheduleHeaders.Read(ImmutableDictionary<string, string>.Empty.Add(ScheduleHeaders.Tick, text)));

    [Fact]
    public void Read_NoHeader_IsNone() => Assert.Null(ScheduleHeaders.Read(ImmutableDictionary<string, string>.Empty));
}
