using System.Globalization;
using Lovage.Protocol;
using Lovage.Storage;
using Lovage.Storage.Columns;
using Lovage.Storage.Plans;

namespace Lovage.Tests.Storage;

/// <summary>The rules that every storage follows: what becomes of a job, of an offer, of a schedule.</summary>
public sealed class StoragePlanTests
{
    private const string Said = "not wanted";

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(JobDecision.Succeed, false, JobState.Succeeded, "own", false, true)]
    [InlineData(JobDecision.Succeed, true, JobState.Succeeded, "own", false, true)]
    [InlineData(JobDecision.Fail, true, JobState.Failed, "own", false, true)]
    [InlineData(JobDecision.Cancel, true, JobState.Cancelled, "own", false, true)]
    [InlineData(JobDecision.Expire, false, JobState.Expired, "own", false, true)]
    [InlineData(JobDecision.Bury, false, JobState.Dead, "own", false, true)]
    [InlineData(JobDecision.Retry, false, JobState.Retrying, "own", true, true)]
    [InlineData(JobDecision.Retry, true, JobState.Cancelled, Said, true, false)]
    public void Outcome_DecisionAndRequest_MakeTheState(
        JobDecision decision, bool cancelled, JobState state, string reason, bool isRetry, bool publishes)
    {
        var outcome = new Settlement
        {
            Token = default,
            Id = JobId.Parse("a"),
            Decision = decision,
            Reason = "own",
            Attempt = new AttemptRecord
            {
                Number = 1,
                End = AttemptEnd.Succeeded,
                StartedAt = Start,
                Duration = default,
                Worker = "w",
            },
        };

        Assert.Equal(new OutcomePlan(state, reason, isRetry, publishes), OutcomePlan.Of(outcome, cancelled, Said));
    }

    [Fact]
    public void Return_ReleasedOrReclaimed_IsBuriedCancelledOrQueuedInThisOrder()
    {
        Assert.Equal(new ReturnPlan(JobState.Queued, null), ReturnPlan.Released(false, null));
        Assert.Equal(new ReturnPlan(JobState.Cancelled, Said), ReturnPlan.Released(true, Said));
        Assert.Equal(new ReturnPlan(JobState.Queued, null), ReturnPlan.Reclaimed(1, false, null));
        Assert.Equal(new ReturnPlan(JobState.Cancelled, Said), ReturnPlan.Reclaimed(1, true, Said));
        Assert.Equal(
            new ReturnPlan(JobState.Dead, JobLifecycle.DeathReason(JobLifecycle.DeathsMax)),
            ReturnPlan.Reclaimed(JobLifecycle.DeathsMax, true, Said));
    }

    [Fact]
    public void Offer_Declined_KeepsTheFirstTimeAndEndsAtTheLimit()
    {
        var limit = TimeSpan.FromHours(1);
        var first = OfferPlan.Declined(null, null, "a:1", limit, 1_000);
        Assert.Equal((JobState.Scheduled, 1_000L, "a:1"), (first.State, first.FirstOfferAt, first.Asked));

        var next = OfferPlan.Declined(first.FirstOfferAt, first.Asked, "b:2", limit, 1_000 + limit.Ticks - 1);
        Assert.Equal(
            new OfferPlan(JobState.Scheduled, OfferReasons.WaitingPrefix + "a:1, b:2", 1_000, "a:1, b:2"), next);

        var last = OfferPlan.Declined(next.FirstOfferAt, next.Asked, "a:1", limit, 1_000 + limit.Ticks);
        Assert.Equal((JobState.Dead, OfferReasons.EndedPrefix(limit) + "a:1, b:2"), (last.State, last.Reason));
    }

    [Fact]
    public void Firing_Ticks_AreSummedAndChecked()
    {
        var firing = new Firing("s", 7)
        {
            Ticks =
            [
                new TickRecord(Start, TickStatus.Missed) { Through = Start.AddMinutes(2), Count = 3 },
                new TickRecord(Start.AddMinutes(3), TickStatus.Skipped),
                new TickRecord(Start.AddMinutes(4), TickStatus.Fired),
            ],
            Jobs = [],
            NextTick = null,
        };
        var last = StorageTime.From(Start.AddMinutes(4));

        Assert.Equal(new FiringPlan(last, 1, 3, 1), FiringPlan.Of(firing, null));
        Assert.Equal(last + 1, FiringPlan.Of(firing, last + 1).LastTick);
        Assert.Equal(FireStatus.Recorded, FiringPlan.Check(firing, 7, ScheduleState.Active, last));
        Assert.Equal(FireStatus.Early, FiringPlan.Check(firing, 7, ScheduleState.Active, last - 1));
        Assert.Equal(FireStatus.Stale, FiringPlan.Check(firing, 8, ScheduleState.Active, last));
        Assert.Equal(FireStatus.Stale, FiringPlan.Check(firing, 7, ScheduleState.Paused, last));
    }

    [Fact]
    public void DueAt_DelayAndEta_IsTheLaterOrNothing()
    {
        var message = new JobMessage { Id = JobId.Parse("a"), Name = "n", Queue = "q", Body = JobBody.Empty };
        var now = StorageTime.From(Start);
        var hour = TimeSpan.FromHours(1);

        Assert.Null(MessageColumns.DueAt(message, now));
        Assert.Null(MessageColumns.DueAt(message with { Eta = Start }, now));
        Assert.Equal(now + hour.Ticks, MessageColumns.DueAt(message with { Delay = hour }, now));
        Assert.Equal(
            now + (2 * hour.Ticks), MessageColumns.DueAt(message with { Delay = hour, Eta = Start + (2 * hour) }, now));
        Assert.Equal(StorageTime.Latest, MessageColumns.DueAt(message with { Delay = TimeSpan.MaxValue }, now));
    }

    [Fact]
    public void StoredNumbers_FinalStates_AreOneRange()
    {
        Assert.Equal("BETWEEN 4 AND 8", StoredNumbers.IsFinal);
        Assert.Equal(
            Enum.GetValues<JobState>().Where(static state => state is >= JobState.Succeeded and <= JobState.Dead),
            Enum.GetValues<JobState>().Where(static state => state.IsFinal));
        Assert.All(
            Enum.GetValues<JobState>(),
            static state => Assert.Equal(((int)state).ToString(CultureInfo.InvariantCulture), StoredNumbers.Of(state)));
    }

    [Fact]
    public void TextList_Written_IsReadBack()
    {
        string[] texts = ["", "a\"b", "ä\n😀"];

        Assert.Equal(texts, TextList.FromJson(TextList.ToJson(texts)));
        Assert.Empty(TextList.FromJson(TextList.ToJson([])));
        Assert.Empty(TextList.FromJson([]));
    }
}
