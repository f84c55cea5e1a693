namespace Lovage.Tests.Jobs;

public sealed class JobStatesTests
{
    private static readonly (JobState State, string Word, bool IsFinal)[] Expected =
    [
        (JobState.Scheduled, "PENDING", false),
        (JobState.Queued, "PENDING", false),
        (JobState.Running, "STARTED", false),
        (JobState.Retrying, "RETRY", false),
        (JobState.Succeeded, "SUCCESS", true),
        (JobState.Failed, "FAILURE", true),
        (JobState.Cancelled, "REVOKED", true),
        (JobState.Expired, "REVOKED", true),
        (JobState.Dead, "FAILURE", true),
    ];

    [Fact]
    public void CeleryWordAndIsFinal_EveryState_AreAsCeleryHasThem() =>
        Assert.Equal(Expected, Enum.GetValues<JobState>().Select(state => (state, state.CeleryWord, state.IsFinal)));

    [Fact]
    public void Values_AreStored_SoTheyNeverChange() =>
        Assert.Equal(Enumerable.Range(0, Expected.Length), Expected.Select(row => (int)row.State));
}
