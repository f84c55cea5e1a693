using Xunit;

namespace Lovage.Faults.Harness;

/// <summary>What became of one tick.</summary>
internal sealed record TickFate(DateTimeOffset Tick, TickStatus Status, JobId? Job, DateTimeOffset RecordedAt)
{
    internal TimeSpan Late => RecordedAt - Tick;
}

/// <summary>
/// All ticks of a schedule that has a period, from its history: rows of neighbouring ticks are taken apart.
/// </summary>
internal sealed class TickHistory
{
    /// <summary>How late a tick may be and count as on time.</summary>
    internal static readonly TimeSpan OnTime = TimeSpan.FromSeconds(2);

    private readonly Schedule _schedule;
    private readonly DateTimeOffset _first;
    private readonly TimeSpan _period;

    private TickHistory(Schedule schedule, DateTimeOffset first, TimeSpan period, IReadOnlyList<TickFate> ticks)
    {
        _schedule = schedule;
        _first = first;
        _period = period;
        Ticks = ticks;
    }

    /// <summary>Oldest first.</summary>
    internal IReadOnlyList<TickFate> Ticks { get; }

    internal IEnumerable<TickFate> Of(TickStatus status) => Ticks.Where(tick => tick.Status == status);

    internal IEnumerable<TickFate> Between(DateTimeOffset from, DateTimeOffset to) =>
        Ticks.Where(tick => tick.Tick > from && tick.Tick < to);

    /// <summary>Pauses the schedule and reads it: no tick comes any more.</summary>
    /// <param name="schedules">Where it is.</param>
    /// <param name="added">The schedule as it was added.</param>
    internal static async Task<TickHistory> EndAsync(ScheduleClient schedules, Schedule added)
    {
        const int LinesMax = 1_000;
        var cancel = TestContext.Current.CancellationToken;
        var schedule = await schedules.PauseAsync(added.Id, "The test ends.", cancel);
        var lines = await schedules.GetHistoryAsync(added.Id, LinesMax, cancel);
        Assert.True(lines.Count < LinesMax, "The history is too long to be read at once.");
        var period = ((IntervalTrigger)added.Trigger!).Period;
        return new TickHistory(
            schedule, added.NextTick!.Value, period, [.. lines.Reverse().SelectMany(line => Split(line, period))]);
    }

    /// <summary>
    /// Every tick from the first to the last is there exactly once, in order, with a job if it fired, and was not dealt
    /// with before its time.
    /// </summary>
    internal void IsWhole()
    {
        Assert.Equal(
            Enumerable.Range(0, (int)((_schedule.LastTick!.Value - _first) / _period) + 1)
                .Select(i => _first + (i * _period)),
            Ticks.Select(static tick => tick.Tick));
        Assert.All(Ticks, static tick => Assert.Equal(tick.Status == TickStatus.Fired, tick.Job is not null));
        Assert.All(Ticks, static tick => Assert.True(tick.Late >= TimeSpan.Zero, $"{tick} is early."));
        Assert.Equal(
            (Count(TickStatus.Fired), Count(TickStatus.Missed), Count(TickStatus.Skipped)),
            (_schedule.Fired, _schedule.Missed, _schedule.Skipped));
    }

    /// <summary>
    /// Ticks were let go only where the rules say so: missed when they were late, skipped while a job of an earlier
    /// tick had not ended.
    /// </summary>
    internal void HasMissedOnlyByRule(IReadOnlyDictionary<JobId, DateTimeOffset> endings)
    {
        Assert.All(Of(TickStatus.Missed), static tick => Assert.True(tick.Late > OnTime, $"{tick} was not late."));
        Assert.All(Of(TickStatus.Skipped), skipped =>
            Assert.Contains(
                Of(TickStatus.Fired), tick => tick.Tick < skipped.Tick && endings[tick.Job!.Value] > skipped.Tick));
    }

    public override string ToString() =>
        $"{_schedule.Id}: {Ticks.Count} ticks, {_schedule.Fired} fired, {_schedule.Missed} missed, "
            + $"{_schedule.Skipped} skipped";

    private static IEnumerable<TickFate> Split(TickRecord line, TimeSpan period)
    {
        for (var i = 0; i < line.Count - 1; i++)
        {
            yield return new TickFate(line.Tick + (i * period), line.Status, line.JobId, line.RecordedAt);
        }

        yield return new TickFate(line.Through, line.Status, line.JobId, line.RecordedAt);
    }

    private long Count(TickStatus status) => Of(status).LongCount();
}
