using Lovage.Execution;
using Xunit;

namespace Lovage.Tests.Execution;

public sealed class WorkerStatusTests
{
    [Theory]
    [InlineData(19, false, true)]
    [InlineData(20, true, true)]
    [InlineData(29, true, true)]
    [InlineData(30, true, false)]
    public void IsLate_AgeOfTheRenewal_IsSeenAThirdOfALeaseBeforeItsEnd(int seconds, bool isLate, bool isHealthy)
    {
        var status = new WorkerStatus(
            WorkerPhase.Running, 1, 1, 0, 0, TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(30));

        Assert.Equal((isLate, isHealthy), (status.IsLate, status.IsHealthy));
    }
}
