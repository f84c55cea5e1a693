using System.Globalization;

namespace Lovage.Tests.Jobs;

/// <summary>The tags that generated factories write.</summary>
public sealed class JobTagsTests
{
    private static readonly DateTimeOffset At = new(2026, 11, 30, 11, 5, 6, TimeSpan.FromHours(1));

    private enum Size
    {
        Small,
        Large,
    }

    [Fact]
    public void One_EachTextForm_IsWrittenTheSameInEveryCulture()
    {
        var before = CultureInfo.CurrentCulture;
        var other = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        other.NumberFormat.NumberDecimalSeparator = ",";
        other.NumberFormat.NegativeSign = "~";
        other.DateTimeFormat.ShortDatePattern = "dd.MM.yyyy";
        CultureInfo.CurrentCulture = other;
        try
        {
            Assert.Equal(
                [
                    "a:x", "a:42", "a:-1.5", "a:true", "a:c", "a:Large", "a:0198f2c0-0000-7000-8000-000000000001",
                    "a:2026-11-30", "a:11:05:06.0000000", "a:2026-11-30T11:05:06.0000000+01:00",
                    "a:2026-11-30T11:05:06.0000000", "a:1.02:03:04", "a:id-1", "a:https://shop.example/1", "a:7",
                ],
                new[]
                {
                    One("a", "x"), One("a", 42), One("a", -1.5m), One("a", true),
                    One("a", 'c'), One("a", Size.Large),
                    One("a", new Guid("0198f2c0-0000-7000-8000-000000000001")),
                    One("a", new DateOnly(2026, 11, 30)), One("a", new TimeOnly(11, 5, 6)),
                    One("a", At), One("a", At.DateTime), One("a", new TimeSpan(1, 2, 3, 4)),
                    One("a", JobId.Parse("id-1")), One("a", new Uri("https://shop.example/1")),
                    One<int?>("a", 7),
                });
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void One_NothingToSay_IsNoTag()
    {
        Assert.Null(One<string?>("a", null));
        Assert.Null(One<int?>("a", null));
        Assert.Null(One("a", ""));
        Assert.Null(One("a", default(JobId)));
    }

    [Fact]
    public void One_ValueThatIsTooLong_IsRefusedByTheParametersName()
    {
        var customer = new string('w', 56);
        var refusal = Assert.Throws<ArgumentException>(() => JobTags.One("customer", customer, nameof(customer)));

        Assert.Equal("customer", refusal.ParamName);
        Assert.Contains("has 65 characters; at most 64 are allowed", refusal.Message, StringComparison.Ordinal);
        Assert.Equal($"customer:{customer[1..]}", One("customer", customer[1..]));
        Assert.Throws<ArgumentException>(() => One("a", "x\r\ny"));
    }

    [Fact]
    public void Of_SomeTags_LeavesOutWhatIsNone()
    {
        Assert.Equal(["b", "a"], JobTags.Of(null, "b", null, "a"));
        Assert.Empty(JobTags.Of(null, null));
        Assert.Empty((Job.Create("n") with { Tags = JobTags.Of(null, null) }).Tags);
    }

    private static string? One<T>(string name, T value) => JobTags.One(name, value, "value");
}
