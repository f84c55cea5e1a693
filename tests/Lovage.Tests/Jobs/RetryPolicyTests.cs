namespace Lovage.Tests.Jobs;

public sealed class RetryPolicyTests
{
    private sealed class NarrowException : InvalidOperationException;

    [Fact]
    public void DelayBefore_Exponential_IsTheRandomPartOfTheDoubledBound()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var choice = new Random(seed);
        for (var run = 0; run < 2_000; run++)
        {
            var first = TimeSpan.FromMilliseconds(choice.Next(1, 100_000));
            var max = TimeSpan.FromMilliseconds(choice.Next(1, 10_000_000));
            var retry = choice.Next(1, 40);
            var jitter = choice.Next();
            var policy = new RetryPolicy { Delay = first, DelayMax = max };

            var bound = (decimal)first.TotalMilliseconds;
            for (var i = 1; i < retry && bound < (decimal)max.TotalMilliseconds; i++)
            {
                bound *= 2;
            }

            bound = Math.Min(bound, (decimal)max.TotalMilliseconds);
            var expected = (double)bound * new Random(jitter).NextDouble();
            var delay = policy.DelayBefore(retry, new Random(jitter)).TotalMilliseconds;
            Assert.True(
                Math.Abs(expected - delay) < 0.01,
                $"seed {seed}: first {first}, max {max}, retry {retry}: expected {expected} ms, was {delay} ms");
        }
    }

    [Fact]
    public void DelayBefore_Exponential_UsesTheWholeRangeDownToZero()
    {
        var random = new Random(7);
        var policy = new RetryPolicy { Delay = TimeSpan.FromSeconds(10) };
        var delays = Enumerable.Range(0, 2_000).Select(_ => policy.DelayBefore(2, random).TotalSeconds).ToArray();

        Assert.All(delays, delay => Assert.InRange(delay, 0, 20));
        Assert.InRange(delays.Average(), 9, 11);
        Assert.True(delays.Min() < 0.5 && delays.Max() > 19.5);
    }

    [Theory]
    [InlineData(63)]
    [InlineData(1_000)]
    [InlineData(int.MaxValue)]
    public void DelayBefore_HugeRetryNumber_StaysUnderTheMaximum(int retry)
    {
        var delays = Enumerable.Range(0, 200)
            .Select(seed => RetryPolicy.Default.DelayBefore(retry, new Random(seed)))
            .ToArray();
        Assert.All(delays, delay => Assert.InRange(delay, TimeSpan.Zero, TimeSpan.FromMinutes(15)));
        Assert.True(delays.Max() > TimeSpan.FromMinutes(14));
    }

    [Fact]
    public void DelayBefore_Fixed_IsTheSameEachTimeAndCapped()
    {
        var policy = new RetryPolicy { Backoff = Backoff.Fixed, Delay = TimeSpan.FromSeconds(40) };
        Assert.All(
            [1, 2, 50, int.MaxValue],
            retry => Assert.Equal(TimeSpan.FromSeconds(40), policy.DelayBefore(retry, new Random(retry))));
        Assert.Equal(
            TimeSpan.FromSeconds(5),
            (policy with { DelayMax = TimeSpan.FromSeconds(5) }).DelayBefore(1, new Random(1)));
    }

    [Fact]
    public void DelayBefore_ExplicitDelays_AreTakenInTurnAndTheLastRepeated()
    {
        var policy = new RetryPolicy
        {
            Delays = [TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1), TimeSpan.FromHours(1)],
            Backoff = Backoff.Fixed,
        };
        Assert.Equal(
            [
                TimeSpan.FromSeconds(1),
                TimeSpan.FromMinutes(1),
                TimeSpan.FromHours(1),
                TimeSpan.FromHours(1),
                TimeSpan.FromHours(1),
            ],
            ((int[])[1, 2, 3, 4, int.MaxValue]).Select(retry => policy.DelayBefore(retry, new Random(retry))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void DelayBefore_NoRetry_Throws(int retry) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RetryPolicy.Default.DelayBefore(retry, new Random(1)));

    [Fact]
    public void Default_IsAsDocumented()
    {
        var policy = RetryPolicy.Default;
        Assert.Equal(
            (null, Backoff.Exponential, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(15)),
            (policy.MaxAttempts, policy.Backoff, policy.Delay, policy.DelayMax));
        Assert.True(policy.Allows(new InvalidOperationException()));
    }

    [Fact]
    public void Allows_RetryOn_TakesDerivedTypesAndNothingElse()
    {
        var policy = new RetryPolicy { RetryOn = [typeof(InvalidOperationException), typeof(IOException)] };
        Assert.True(policy.Allows(new InvalidOperationException()));
        Assert.True(policy.Allows(new NarrowException()));
        Assert.True(policy.Allows(new FileNotFoundException()));
        Assert.False(policy.Allows(new ArgumentException("other")));
        Assert.False((policy with { RetryOn = [typeof(NarrowException)] }).Allows(new InvalidOperationException()));
    }

    [Fact]
    public void Allows_NeverRetryOn_WinsOverRetryOn()
    {
        var policy = new RetryPolicy
        {
            RetryOn = [typeof(Exception)],
            NeverRetryOn = [typeof(InvalidOperationException)],
        };
        Assert.False(policy.Allows(new InvalidOperationException()));
        Assert.False(policy.Allows(new NarrowException()));
        Assert.True(policy.Allows(new ArgumentException("other")));
        Assert.False((policy with { RetryOn = [typeof(NarrowException)] }).Allows(new NarrowException()));
        Assert.False((policy with { RetryOn = [] }).Allows(new NarrowException()));
    }
}
