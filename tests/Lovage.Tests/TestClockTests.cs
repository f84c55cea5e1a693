namespace Lovage.Tests;

public sealed class TestClockTests
{
    private readonly TestClock _time = new();

    [Fact]
    public void NextTimer_SeveralTimers_LeadsFromOneToTheNext()
    {
        var fired = new List<(string, TimeSpan)>();
        using var late = _time.CreateTimer(
            _ => fired.Add(("late", _time.Elapsed)), null, TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        using var soon = _time.CreateTimer(
            _ => fired.Add(("soon", _time.Elapsed)), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4));
        using var never = _time.CreateTimer(
            _ => fired.Add(("never", default)), null, TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);
        never.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        using (_time.CreateTimer(
            _ => fired.Add(("disposed", default)), null, TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan))
        {
            Assert.Equal(TimeSpan.FromSeconds(1), _time.NextTimer);
        }

        for (var i = 0; i < 4; i++)
        {
            _time.Advance(_time.NextTimer!.Value);
        }

        Assert.Equal(
            [("soon", 1), ("late", 3), ("soon", 5), ("soon", 9)],
            fired.Select(static timer => (timer.Item1, (int)timer.Item2.TotalSeconds)));
        Assert.Equal(new DateTimeOffset(2026, 1, 1, 0, 0, 9, TimeSpan.Zero), _time.GetUtcNow());
        Assert.Equal(TimeSpan.FromSeconds(4), _time.NextTimer);
        soon.Dispose();
        Assert.Null(_time.NextTimer);
    }

    [Fact]
    public async Task NextTimer_SomebodyWaits_EndsTheWait()
    {
        var wait = Task.Delay(TimeSpan.FromHours(1), _time, TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.False(wait.IsCompleted);
        Assert.Equal(TimeSpan.FromMinutes(1), _time.NextTimer);
        _time.Advance(TimeSpan.FromMinutes(1));
        await wait;
        Assert.Null(_time.NextTimer);
    }
}
