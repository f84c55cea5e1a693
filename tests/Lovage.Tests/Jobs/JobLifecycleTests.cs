using Lovage.Storage;

namespace Lovage.Tests.Jobs;

public sealed class JobLifecycleTests
{
    private static readonly (string Case, AttemptFacts Facts)[] Facts =
    [
        ("first of three", new(0, 3)),
        ("last of three", new(2, 3)),
        ("more retries than attempts", new(3, 3)),
        ("the only one", new(0, 1)),
        ("error not to be retried", new(0, 3, ErrorMayBeRetried: false)),
        ("retried four times", new(4, 10)),
        ("retried five times", new(5, 10)),
        ("retried five times, none left", new(5, 6)),
        ("one recorded start", new(0, 3, RecordedStarts: 1)),
        ("two recorded starts", new(0, 3, RecordedStarts: 2)),
        ("three recorded starts, retried", new(1, 3, RecordedStarts: 3)),
    ];

    private static readonly (JobState State, bool IsOpen)[] States =
    [
        (JobState.Scheduled, true),
        (JobState.Queued, true),
        (JobState.Running, true),
        (JobState.Retrying, true),
        (JobState.Succeeded, false),
        (JobState.Failed, false),
        (JobState.Cancelled, false),
        (JobState.Expired, false),
        (JobState.Dead, false),
    ];

    // Of an open job, one column for each of the facts above.
    private static readonly (AttemptEnd End, string Decisions)[] Open =
    [
        (
            AttemptEnd.Succeeded,
            "Succeed Succeed Succeed Succeed Succeed Succeed Succeed Succeed Succeed Succeed Succeed"),
        (AttemptEnd.Failed, "Retry Fail Fail Fail Fail Retry Retry Fail Retry Retry Retry"),
        (AttemptEnd.TimedOut, "Retry Fail Fail Fail Fail Retry Retry Fail Retry Retry Retry"),
        (AttemptEnd.RetryAsked, "Retry Fail Fail Fail Retry Retry Retry Fail Retry Retry Retry"),
        (AttemptEnd.Rejected, "Bury Bury Bury Bury Bury Bury Bury Bury Bury Bury Bury"),
        (AttemptEnd.BadArguments, "Fail Fail Fail Fail Fail Fail Fail Fail Fail Fail Fail"),
        (AttemptEnd.Malformed, "Bury Bury Bury Bury Bury Bury Bury Bury Bury Bury Bury"),
        (AttemptEnd.Cancelled, "Cancel Cancel Cancel Cancel Cancel Cancel Cancel Cancel Cancel Cancel Cancel"),
        (AttemptEnd.Expired, "Expire Expire Expire Expire Expire Expire Expire Expire Expire Expire Expire"),
        (
            AttemptEnd.Interrupted,
            "Release Release Release Release Release Release Release Release Release Release Release"),
        (AttemptEnd.OwnerDied, "Release Release Release Release Release Release Release Release Release Bury Bury"),
    ];

    public static TheoryData<JobDecision, JobState, JobState> Afterwards => new()
    {
        { JobDecision.Ignore, JobState.Succeeded, JobState.Succeeded },
        { JobDecision.Ignore, JobState.Dead, JobState.Dead },
        { JobDecision.Release, JobState.Running, JobState.Queued },
        { JobDecision.Retry, JobState.Running, JobState.Retrying },
        { JobDecision.Succeed, JobState.Running, JobState.Succeeded },
        { JobDecision.Fail, JobState.Running, JobState.Failed },
        { JobDecision.Cancel, JobState.Running, JobState.Cancelled },
        { JobDecision.Expire, JobState.Queued, JobState.Expired },
        { JobDecision.Bury, JobState.Running, JobState.Dead },
    };

    [Fact]
    public void Decide_EveryStateEndAndFacts_DecidesAsTheTableSays()
    {
        var rows = 0;
        foreach (var (state, isOpen) in States)
        {
            foreach (var (end, decisions) in Open)
            {
                var words = decisions.Split(' ');
                Assert.Equal(Facts.Length, words.Length);
                foreach (var ((name, facts), word) in Facts.Zip(words))
                {
                    var expected = isOpen ? Enum.Parse<JobDecision>(word) : JobDecision.Ignore;
                    var decision = JobLifecycle.Decide(state, end, facts);
                    Assert.True(expected == decision, $"{state}, {end}, {name}: expected {expected}, was {decision}");
                    rows++;
                }
            }
        }

        // A new state or end has to be given its row.
        Assert.Equal(Enum.GetValues<JobState>().Length * Enum.GetValues<AttemptEnd>().Length * Facts.Length, rows);
        Assert.Equal(Enum.GetValues<JobState>(), States.Select(row => row.State));
        Assert.Equal(Enum.GetValues<AttemptEnd>(), Open.Select(row => row.End));
    }

    [Fact]
    public void Decide_NotAnEnd_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(
            () => JobLifecycle.Decide(JobState.Running, (AttemptEnd)99, new AttemptFacts(0, 3)));

    [Theory]
    [MemberData(nameof(Afterwards))]
    public void After_Decision_IsTheStateTheTableSays(JobDecision decision, JobState current, JobState expected) =>
        Assert.Equal(expected, JobLifecycle.After(decision, current));

    [Fact]
    public void After_EveryDecision_HasARow() =>
        Assert.Equal(Enum.GetValues<JobDecision>(), Afterwards.Select(row => row.Data.Item1).Distinct());

    [Fact]
    public void After_NotADecision_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => JobLifecycle.After((JobDecision)99, JobState.Running));

    [Fact]
    public void After_DecisionThatEndsAJob_IsIgnoredByEveryLaterEnd()
    {
        foreach (var decision in (JobDecision[])[
            JobDecision.Succeed,
            JobDecision.Fail,
            JobDecision.Cancel,
            JobDecision.Expire,
            JobDecision.Bury,
        ])
        {
            var state = JobLifecycle.After(decision, JobState.Running);
            Assert.True(state.IsFinal);
            Assert.All(
                Enum.GetValues<AttemptEnd>(),
                end => Assert.Equal(JobDecision.Ignore, JobLifecycle.Decide(state, end, new AttemptFacts(0, 3))));
        }
    }
}
