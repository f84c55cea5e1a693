using Lovage.PostgreSql.Writing;
using Lovage.Specification;
using Xunit;

namespace Lovage.PostgreSql.Tests;

public sealed class QueueFloorsTests
{
    private const int Queue = 7;

    private readonly ManualTimeProvider _time = new();
    private readonly QueueFloors _floors;

    public QueueFloorsTests()
    {
        _time.Advance(TimeSpan.FromHours(1));
        _floors = new QueueFloors(_time);
    }

    [Fact]
    public void Begin_NothingClaimed_LooksFromTheStart() => Assert.Equal([(0, 9, 0L)], Stretches());

    [Fact]
    public void Begin_HalfASecondAfterAClaim_LooksFromWhatWasClaimedThen()
    {
        Claim(5, 10);
        Assert.Equal([(0, 9, 0L)], Stretches());
        _time.Advance(TimeSpan.FromMilliseconds(400));
        Claim(5, 20);
        Assert.Equal([(0, 9, 0L)], Stretches());
        _time.Advance(TimeSpan.FromMilliseconds(200));
        Claim(5, 30);

        // Not from 20 or 30: what took a place before and commits now is still found.
        Assert.Equal([(0, 4, 0L), (5, 5, 10L), (6, 9, 0L)], Stretches());
    }

    [Fact]
    public void Begin_EachSecond_LooksFromTheStartOnce()
    {
        ClaimTwice(0, 10);
        Assert.Equal([(0, 0, 10L), (1, 9, 0L)], Stretches());
        _time.Advance(TimeSpan.FromMilliseconds(600));

        Assert.Equal([(0, 9, 0L)], Stretches());
        Assert.Equal([(0, 0, 10L), (1, 9, 0L)], Stretches());
    }

    [Theory]
    [InlineData(100, 2_000)]
    [InlineData(3_000, 10_000)]
    public void End_ALookFromTheStartThatTookLong_MakesThemSeldomButNotNever(int took, int every)
    {
        ClaimTwice(9, 10);
        _time.Advance(TimeSpan.FromMilliseconds(600));
        var whole = _floors.Begin([Queue]);
        _time.Advance(TimeSpan.FromMilliseconds(took));
        _floors.End(whole);

        _time.Advance(TimeSpan.FromMilliseconds(every - took - 1));
        Assert.Equal([(0, 8, 0L), (9, 9, 10L)], Stretches());
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([(0, 9, 0L)], Stretches());
    }

    [Fact]
    public void Claimed_WhatAFloorHadHidden_LooksFromTheStartUntilThereIsNoMore()
    {
        ClaimTwice(5, 10);
        _time.Advance(TimeSpan.FromMilliseconds(600));
        var whole = _floors.Begin([Queue]);
        _floors.Claimed(whole, Queue, 5, 3);
        Assert.Equal([(0, 9, 0L)], Stretches());

        _time.Advance(TimeSpan.FromMilliseconds(400));
        Claim(5, 4);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Claim(5, 20);
        Assert.Equal([(0, 4, 0L), (5, 5, 3L), (6, 9, 0L)], Stretches());
    }

    [Fact]
    public void Promoted_WhatAFloorHadHidden_LooksFromTheFirstDueTime()
    {
        PromoteTwice();
        Assert.Equal([100L], _floors.Begin([Queue]).Dues);
        Promote(50);
        Assert.Equal([0L], _floors.Begin([Queue]).Dues);
    }

    [Fact]
    public void Reset_ForgetsWhatWasClaimedBefore()
    {
        ClaimTwice(0, 10);
        var before = _floors.Begin([Queue]);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        _floors.Reset();
        Assert.Equal([(0, 9, 0L)], Stretches());

        // A look that began before may have passed over what came back.
        _floors.Claimed(before, Queue, 0, 40);
        _time.Advance(TimeSpan.FromMilliseconds(600));
        _floors.Claimed(before, Queue, 0, 41);
        Stretches();
        Assert.Equal([(0, 9, 0L)], Stretches());
    }

    [Fact]
    public void Begin_HalfASecondAfterJobsWereMadeReady_LooksFromTheirDueTime()
    {
        Assert.Equal([0L], _floors.Begin([Queue]).Dues);
        Promote(100);
        _time.Advance(TimeSpan.FromMilliseconds(400));
        Promote(200);
        Assert.Equal([0L], _floors.Begin([Queue]).Dues);
        _time.Advance(TimeSpan.FromMilliseconds(200));
        Promote(300);

        Assert.Equal([0L, 100L], _floors.Begin([Queue + 1, Queue]).Dues);
        Assert.Equal([(0, 9, 0L)], Stretches());
    }

    [Fact]
    public void Begin_EachSecondOrAfterAReset_LooksFromTheFirstDueTime()
    {
        PromoteTwice();
        Assert.Equal([100L], _floors.Begin([Queue]).Dues);
        _time.Advance(TimeSpan.FromMilliseconds(600));
        Assert.Equal([0L], _floors.Begin([Queue]).Dues);
        Assert.Equal([100L], _floors.Begin([Queue]).Dues);

        var before = _floors.Begin([Queue]);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        _floors.Reset();
        _floors.Promoted(before, Queue, 300);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        _floors.Promoted(before, Queue, 400);

        Assert.Equal([0L], _floors.Begin([Queue]).Dues);
    }

    private void PromoteTwice()
    {
        Promote(100);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        Promote(200);
    }

    private void Promote(long due) => _floors.Promoted(_floors.Begin([Queue]), Queue, due);

    private void ClaimTwice(short priority, long seq)
    {
        Claim(priority, seq);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        Claim(priority, seq + 1);
    }

    private void Claim(short priority, long seq) => _floors.Claimed(_floors.Begin([Queue]), Queue, priority, seq);

    private List<(int Low, int High, long Floor)> Stretches()
    {
        return [.. _floors.Begin([Queue]).Stretches.Select(static stretch =>
        {
            Assert.Equal(Queue, stretch.Queue);
            return ((int)stretch.Low, (int)stretch.High, stretch.Floor);
        })];
    }
}
