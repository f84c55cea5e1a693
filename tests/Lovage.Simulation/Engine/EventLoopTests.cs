namespace Lovage.Simulation.Engine;

/// <summary>The simulation itself can be trusted.</summary>
public sealed class EventLoopTests
{
    private readonly EventLoop _loop = new(new Random(1));

    [Fact]
    public void Run_WaitOfHours_TakesVirtualTimeAlone()
    {
        var process = new SimulatedProcess(_loop, "p", TimeSpan.FromMinutes(5));
        DateTimeOffset? woken = null;
        process.Start(async () =>
        {
            await Task.Delay(TimeSpan.FromHours(3), process.Time);
            woken = process.Time.GetUtcNow();
        });

        Assert.True(_loop.Run(() => woken is not null, TimeSpan.FromHours(4)));

        Assert.Equal(TimeSpan.FromHours(3).Ticks, _loop.Now);
        Assert.Equal(_loop.UtcNow + TimeSpan.FromMinutes(5), woken);
        Assert.Null(_loop.Escape);
    }

    [Fact]
    public void Run_FrozenProcess_GoesOnOnceThawed()
    {
        var process = new SimulatedProcess(_loop, "p", TimeSpan.Zero);
        TimeSpan? woken = null;
        process.Start(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), process.Time);
            woken = TimeSpan.FromTicks(_loop.Now);
        });
        _loop.At(TimeSpan.FromSeconds(0.5), process.Freeze);
        _loop.At(TimeSpan.FromSeconds(9), process.Thaw);

        Assert.True(_loop.Run(() => woken is not null, TimeSpan.FromHours(1)));

        Assert.Equal(TimeSpan.FromSeconds(9), woken);
    }

    [Fact]
    public void Run_KilledProcess_NeverGoesOn()
    {
        var process = new SimulatedProcess(_loop, "p", TimeSpan.Zero);
        var wentOn = false;
        process.Start(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), process.Time);
            wentOn = true;
        });
        _loop.At(TimeSpan.FromSeconds(0.5), process.Kill);

        Assert.False(_loop.Run(() => wentOn, TimeSpan.FromHours(1)));
    }

    [Fact]
    public void Run_ContinuationFromAnotherThread_IsNoticed()
    {
        var process = new SimulatedProcess(_loop, "p", TimeSpan.Zero);
        var escaped = new TaskCompletionSource();
        var waits = false;
        process.Start(() =>
        {
            waits = true;
            return WaitAsync(escaped.Task);
        });

        Assert.True(_loop.Run(() => waits, TimeSpan.FromHours(1)));
        var other = new Thread(escaped.SetResult);
        other.Start();
        other.Join();

        Assert.Contains("another thread", _loop.Escape, StringComparison.Ordinal);
    }

    private static async Task WaitAsync(Task task) => await task;
}
