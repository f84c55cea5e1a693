namespace Lovage.Tests.Jobs;

public sealed class JobTests
{
    private static readonly Job Plain = Job.Create("report", 1);

    [Fact]
    public void Create_NothingElseSaid_LeavesEveryOptionOpen()
    {
        Assert.Equal(
            ("report", null, null, null, null, null, null, null),
            (
                Plain.Name,
                Plain.Queue,
                Plain.Priority,
                Plain.Delay,
                Plain.At,
                Plain.Expires,
                Plain.MaxAttempts,
                Plain.Id));
        Assert.Empty(Plain.Headers);
        Assert.Empty(Plain.Tags);
    }

    [Fact]
    public void Tags_GivenTwice_CountOnceInTheirOrder()
    {
        var tagged = Plain with { Tags = ["order:42", "a", "order:42", "A", "a"] };

        Assert.Equal(["order:42", "a", "A"], tagged.Tags);
        Assert.Equal(["order:42", "a", "A", "b"], (tagged with { Tags = [.. tagged.Tags, "b"] }).Tags);
        Assert.Empty((tagged with { Tags = [] }).Tags);
        Assert.Empty(Plain.Tags);
    }

    [Fact]
    public void Tags_ListThatChangesLater_KeepsWhatItWasGiven()
    {
        List<string> list = ["a"];
        var tagged = Plain with { Tags = list };
        list.Add("b");

        Assert.Equal(["a"], tagged.Tags);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData("\0")]
    [InlineData("a\u007f")]
    [InlineData("wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww")]
    public void Tags_TextThatIsNone_Throws(string? tag)
    {
        var refusal = Assert.Throws<ArgumentException>(() => Plain with { Tags = ["good", tag!] });
        Assert.Contains("is not a tag: 1 to 64 characters", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(refusal.Message, static c => char.IsControl(c));
        if (tag is not null)
        {
            Assert.Throws<ArgumentException>(() => new JobQuery { Tag = tag });
        }
    }

    [Fact]
    public void Tags_HalfACharacter_Throws()
    {
        // Attributes cannot hold such a text.
        string[] halves = ["a\ud83c", "\udf3fa", "\udf3f\ud83c"];

        Assert.All(halves, static half => Assert.Throws<ArgumentException>(() => Plain with { Tags = [half] }));
    }

    [Fact]
    public void Tags_TooMany_Throws()
    {
        string[] nine = [.. Enumerable.Range(0, 9).Select(static i => $"n:{i}")];

        Assert.Equal(8, (Plain with { Tags = nine[..8] }).Tags.Count);
        var refusal = Assert.Throws<ArgumentException>(() => Plain with { Tags = nine });
        Assert.Contains("More than 8 tags", refusal.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => Plain with { Tags = null! });
    }

    [Theory]
    [InlineData("wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww")]
    [InlineData(" order 42 ")]
    [InlineData("\U0001F33F")]
    public void Tags_UnusualText_IsTaken(string tag)
    {
        Assert.Equal([tag], (Plain with { Tags = [tag] }).Tags);
        Assert.Equal(tag, new JobQuery { Tag = tag }.Tag);
    }

    [Fact]
    public void Create_NullArguments_Throws() =>
        Assert.Throws<ArgumentNullException>(() => Job.Create("report", (JobArguments)null!));

    [Fact]
    public void With_OneOption_ChangesACopyOnly()
    {
        var changed = Plain with { Priority = 3, Queue = "slow" };
        Assert.Equal((null, null), (Plain.Priority, Plain.Queue));
        Assert.Equal((3, "slow", "report"), (changed.Priority, changed.Queue, changed.Name));
        Assert.Same(Plain.Arguments, changed.Arguments);
        Assert.Equal(Plain, changed with { Priority = null, Queue = null });
        Assert.NotEqual(Plain, changed);
    }

    [Fact]
    public void With_JobOfAResult_StaysOne()
    {
        Job job = Job.Create<int>("add", 1, 2);
        Assert.IsType<Job<int>>(job with { Priority = 1 });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    public void Priority_InRange_IsTaken(int priority) =>
        Assert.Equal(priority, (Plain with { Priority = priority }).Priority);

    [Theory]
    [InlineData(-1)]
    [InlineData(10)]
    public void Priority_OutOfRange_Throws(int priority) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Plain with { Priority = priority });

    [Theory]
    [InlineData(1)]
    [InlineData(1_000)]
    public void MaxAttempts_InRange_IsTaken(int attempts) =>
        Assert.Equal(attempts, (Plain with { MaxAttempts = attempts }).MaxAttempts);

    [Theory]
    [InlineData(0)]
    [InlineData(1_001)]
    public void MaxAttempts_OutOfRange_Throws(int attempts) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Plain with { MaxAttempts = attempts });

    [Fact]
    public void Delay_ZeroToTenYears_IsTakenAndNothingElse()
    {
        Assert.Equal(TimeSpan.Zero, (Plain with { Delay = TimeSpan.Zero }).Delay);
        Assert.Equal(TimeSpan.FromDays(3_653), (Plain with { Delay = TimeSpan.FromDays(3_653) }).Delay);
        Assert.Throws<ArgumentOutOfRangeException>(() => Plain with { Delay = TimeSpan.FromTicks(-1) });
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Plain with { Delay = TimeSpan.FromDays(3_653) + TimeSpan.FromTicks(1) });
        Assert.Throws<ArgumentOutOfRangeException>(() => Retry.After(TimeSpan.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => Retry.After(TimeSpan.FromSeconds(-1)));
    }

    [Fact]
    public void Expires_Positive_IsTakenAndNothingElse()
    {
        Assert.Equal(TimeSpan.FromTicks(1), (Plain with { Expires = TimeSpan.FromTicks(1) }).Expires);
        Assert.Throws<ArgumentOutOfRangeException>(() => Plain with { Expires = TimeSpan.Zero });
        Assert.Throws<ArgumentOutOfRangeException>(() => Plain with { Expires = TimeSpan.FromSeconds(-1) });
        Assert.Throws<ArgumentOutOfRangeException>(() => Plain with { Expires = TimeSpan.MaxValue });
    }

    [Fact]
    public void Headers_AreCopied()
    {
        var given = new Dictionary<string, string> { ["a"] = "1" };
        var job = Plain with { Headers = given };
        given["a"] = "2";
        Assert.Equal("1", job.Headers["a"]);
    }

    [Fact]
    public void Headers_TooManyOrTooLarge_Throw()
    {
        static Dictionary<string, string> Many(int count) =>
            Enumerable.Range(0, count).ToDictionary(i => $"h{i}", _ => "v");

        Assert.Equal(64, (Plain with { Headers = Many(64) }).Headers.Count);
        Assert.Contains(
            "64",
            Assert.Throws<ArgumentException>(() => Plain with { Headers = Many(65) }).Message,
            StringComparison.Ordinal);

        // "ü" is two bytes: bytes count, not characters.
        Assert.Single((Plain with { Headers = new Dictionary<string, string> { ["hh"] = new('ü', 4_095) } }).Headers);
        Assert.Throws<ArgumentException>(
            () => Plain with { Headers = new Dictionary<string, string> { ["hhh"] = new('ü', 4_095) } });
    }

    [Theory]
    [InlineData("", "v")]
    [InlineData("a\n", "v")]
    [InlineData("a\0", "v")]
    [InlineData("a", "v\r\nforged: 1")]
    [InlineData("a", "v\0")]
    [InlineData("a", null)]
    public void Headers_HostileText_IsRefusedWithoutRepeatingIt(string key, string? value)
    {
        var error = Assert.Throws<ArgumentException>(
            () => Plain with { Headers = new Dictionary<string, string> { [key] = value! } });
        Assert.DoesNotContain(error.Message, char.IsControl);
    }
}
