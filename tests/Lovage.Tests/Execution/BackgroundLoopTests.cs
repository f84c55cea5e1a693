using Lovage.Execution;

namespace Lovage.Tests.Execution;

public sealed class BackgroundLoopTests
{
    [Fact]
    public void RunAsync_StepThatThrows_IsReportedAndTriedAgainAfterASecond()
    {
        var time = new TestClock();
        var scheduler = new SteppedScheduler();
        var faults = new List<(string Loop, string Message)>();
        var steps = new List<TimeSpan>();
        using var stop = new CancellationTokenSource();
        var loop = new BackgroundLoop("sweep", time, (name, error) => faults.Add((name, error.Message)));
        var run = Task.Factory.StartNew(() =>
            loop.RunAsync(Step, stop.Token), CancellationToken.None, TaskCreationOptions.None, scheduler).Unwrap();
        scheduler.RunAll();
        for (var i = 0; i < 3; i++)
        {
            time.Advance(time.NextTimer!.Value);
            scheduler.RunAll();
        }

        Assert.Equal([0, 5, 6, 11], steps.Select(step => (int)step.TotalSeconds));
        Assert.Equal([("sweep", "bad")], faults);

        stop.Cancel();
        scheduler.RunAll();
        Assert.True(run.IsCompletedSuccessfully);

        Task<TimeSpan> Step(CancellationToken stopped)
        {
            steps.Add(time.Elapsed);
            return steps.Count == 2
                ? throw new InvalidOperationException("bad")
                : Task.FromResult(TimeSpan.FromSeconds(5));
        }
    }

    [Fact]
    public async Task RunOnThread_Step_StaysOnItsOwnThreadAcrossAwaits()
    {
        var seen = new TaskCompletionSource<(Thread, Thread)>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stop = new CancellationTokenSource();
        var loop = new BackgroundLoop("renewal", TimeProvider.System, (_, error) => seen.TrySetException(error));
        var run = loop.RunOnThread(
            async _ =>
            {
                var before = Thread.CurrentThread;
                await Task.Yield();
                seen.TrySetResult((before, Thread.CurrentThread));
                return TimeSpan.FromMinutes(1);
            },
            stop.Token);
        var (first, second) = await seen.Task.WaitAsync(
            TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Same(first, second);
        Assert.Equal(("lovage-renewal", false), (first.Name, first.IsThreadPoolThread));
        await stop.CancelAsync();
        await run.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }
}
