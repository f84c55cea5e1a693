using Lovage.Execution;
using Lovage.Storage;

namespace Lovage.Tests.Execution;

public sealed class AttemptLogTests
{
    private static readonly DateTimeOffset At = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Take_WithinBounds_IsEveryLineInOrder()
    {
        var log = new AttemptLog(3, 30);
        Add(log, "a", "b", "c");
        Assert.Equal(["a", "b", "c"], log.Take().Select(line => line.Message));
    }

    [Fact]
    public void Take_TooManyLines_KeepsTheNewestAndSaysHowManyWent()
    {
        var log = new AttemptLog(3, 1_000);
        Add(log, [.. Enumerable.Range(0, 1_000).Select(i => $"{i}")]);
        Assert.Equal(["(997 older lines were not kept)", "997", "998", "999"], log.Take().Select(line => line.Message));
        Assert.Equal("Lovage.Worker", log.Take()[0].Category);
    }

    [Fact]
    public void Take_TooManyCharacters_KeepsWhatFits()
    {
        var log = new AttemptLog(100, 10);
        Add(log, "aaaa", "bbbb", "cc");
        Assert.Equal(3, log.Take().Count);
        Add(log, "d");
        Assert.Equal(["(1 older lines were not kept)", "bbbb", "cc", "d"], log.Take().Select(line => line.Message));
    }

    [Fact]
    public void Take_OneLineTooLong_IsCut()
    {
        var log = new AttemptLog(100, 10);
        Add(log, "first", new string('x', 1_000_000));
        Assert.Equal(["(1 older lines were not kept)", new string('x', 10)], log.Take().Select(line => line.Message));
    }

    [Fact]
    public void Take_Nothing_IsEmpty() => Assert.Empty(new AttemptLog(3, 10).Take());

    private static void Add(AttemptLog log, params string[] lines)
    {
        foreach (var line in lines)
        {
            log.Add(new LogLine(At, 2, "Shop", line));
        }
    }
}
