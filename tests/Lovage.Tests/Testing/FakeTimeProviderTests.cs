using Lovage.Testing;

namespace Lovage.Tests.Testing;

public sealed class FakeTimeProviderTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Advance_SeveralTimers_FiresThemInOrderEachAtItsOwnTime()
    {
        var fired = new List<(string, TimeSpan)>();
        var start = _time.GetTimestamp();
        using var late = _time.CreateTimer(
            _ => fired.Add(("late", _time.GetElapsedTime(start))),
            null,
            TimeSpan.FromSeconds(3),
            Timeout.InfiniteTimeSpan);
        using var soon = _time.CreateTimer(
            _ => fired.Add(("soon", _time.GetElapsedTime(start))),
            null,
            TimeSpan.FromSeconds(1),
            TimeSpan.FromSeconds(4));
        using var never = _time.CreateTimer(
            _ => fired.Add(("never", default)), null, TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);
        never.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal([
            ("soon", TimeSpan.FromSeconds(1)),
            ("late", TimeSpan.FromSeconds(3)),
            ("soon", TimeSpan.FromSeconds(5)),
            ("soon", TimeSpan.FromSeconds(9)),
        ], fired);
        Assert.Equal(new DateTimeOffset(2026, 1, 1, 0, 0, 10, TimeSpan.Zero), _time.GetUtcNow());
        Assert.Equal(TimeSpan.FromSeconds(3), _time.NextTimer);
    }

    [Fact]
    public async Task Advance_SomebodyWaits_EndsTheWait()
    {
        var wait = Task.Delay(TimeSpan.FromHours(1), _time, TestContext.Current.CancellationToken);
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.False(wait.IsCompleted);
        _time.Advance(TimeSpan.FromMinutes(1));
        await wait;
    }

    [Fact]
    public void Advance_BackInTime_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _time.Advance(TimeSpan.FromTicks(-1)));
}
