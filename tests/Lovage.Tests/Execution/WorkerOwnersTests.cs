using System.Diagnostics;
using Lovage.Execution;
using Lovage.Storage;

namespace Lovage.Tests.Execution;

public sealed class WorkerOwnersTests
{
    private static readonly WorkerOwner Self = WorkerOwners.Current("self");

    private readonly ProcessOwnerProbe _probe = new(Self);

    [Fact]
    public void Current_IsThisProcessAndSurvivesItsKey()
    {
        Assert.Equal((Environment.ProcessId, $"{Environment.MachineName}~self"), (Self.ProcessId, Self.Instance));
        Assert.True(Self.ProcessStart > 0);
        Assert.NotEqual("", Self.BootId);
        Assert.Equal(Self, WorkerOwner.Parse(Self.Key));
        Assert.Equal(Self, WorkerOwners.Current("self"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b/c/d/e")]
    [InlineData("boot/0/1/1")]
    [InlineData("boot/0/1/1/x/y")]
    [InlineData("boot/0/-1/1/x")]
    [InlineData("boot/0/99999999999/1/x")]
    public void Parse_NoKey_Throws(string key) => Assert.Throws<FormatException>(() => WorkerOwner.Parse(key));

    [Fact]
    public void IsDead_OwnProcess_IsAlive()
    {
        Assert.False(_probe.IsDead(Self));
        Assert.False(_probe.IsDead(Self with { Instance = "another worker of this process" }));
    }

    [Fact]
    public void IsDead_PidUsedAgain_IsDead() =>
        Assert.True(_probe.IsDead(
            new WorkerOwner(Self.BootId, Self.PidNamespace, Self.ProcessId, Self.ProcessStart - 1, "before")));

    [Fact]
    public void IsDead_AnotherBootOrNamespace_IsNotKnownAndSoAlive()
    {
        Assert.False(_probe.IsDead(new WorkerOwner("another-boot", Self.PidNamespace, int.MaxValue, 1, "x")));
        Assert.False(_probe.IsDead(new WorkerOwner(Self.BootId, "another-namespace", int.MaxValue, 1, "x")));
        Assert.True(_probe.IsDead(new WorkerOwner(Self.BootId, Self.PidNamespace, int.MaxValue, 1, "x")));
    }

    [Fact]
    public async Task IsDead_OtherProcess_IsAliveUntilItEnds()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "It starts cat, which waits until its input ends.");
        using var child = Process.Start(
            new ProcessStartInfo("cat") { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var start = WorkerOwners.StartTime(child.Id);
        Assert.NotNull(start);
        var owner = new WorkerOwner(Self.BootId, Self.PidNamespace, child.Id, start.Value, "child");
        Assert.False(_probe.IsDead(owner));

        child.StandardInput.Close();
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(_probe.IsDead(owner));
    }
}
