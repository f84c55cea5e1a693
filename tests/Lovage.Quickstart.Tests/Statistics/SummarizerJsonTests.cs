using Quickstart.Jobs.Statistics;
using Xunit;

namespace Lovage.Quickstart.Tests.Statistics;

public sealed class SummarizerJsonTests
{
    [Fact]
    public void Summarize_RowsOfObjects_GivesHandComputedNumbers()
    {
        var summary = Summaries.OfJson(
            """[{"price":4,"city":"Rome"},{"price":1,"city":"Oslo"},{"price":3,"city":null},{"price":"""
                + """2,"city":"Rome"},{"price":null}]""");

        Assert.Equal("rows", summary.Kind);
        Assert.Equal(5, summary.Rows);
        Assert.Equal(["price", "city"], summary.Columns!.Keys);
        var price = summary.Columns["price"];
        Assert.Equal(("number", 4, 1, 4), (price.Type, price.Count, price.Missing, price.Distinct));
        Assert.Equal((1, 4, 2.5), (price.Min, price.Max, price.Mean));
        Assert.Equal(1.2909944487358056, price.StandardDeviation!.Value, 15);
        Assert.Equal(1.75, price.Quantiles!.P25);
        Assert.Equal(2.5, price.Quantiles.P50);
        Assert.Equal(3.25, price.Quantiles.P75);
        Assert.Equal(3.85, price.Quantiles.P95, 15);
        var city = summary.Columns["city"];
        Assert.Equal(("text", 3, 2, 2), (city.Type, city.Count, city.Missing, city.Distinct));
        Assert.Equal((4, 4), (city.Shortest, city.Longest));
        Assert.Equal([new TopValue("Rome", 2), new TopValue("Oslo", 1)], city.Top!);
        Assert.Null(city.Mean);
    }

    [Fact]
    public void Summarize_Numbers_GivesNumPysQuantiles()
    {
        // numpy.percentile([15, 20, 35, 40, 50], [25, 50, 75, 95]) is 20, 35, 40, 48.
        var value = Summaries.OfJson("[40,15,50,20,35]").Columns!["value"];

        Assert.Equal(20, value.Quantiles!.P25);
        Assert.Equal(35, value.Quantiles.P50);
        Assert.Equal(40, value.Quantiles.P75);
        Assert.Equal(48, value.Quantiles.P95, 12);
        Assert.Equal(32, value.Mean);
    }

    [Fact]
    public void Summarize_OneNumber_HasNoDeviation()
    {
        var value = Summaries.OfJson("[7]").Columns!["value"];

        Assert.Null(value.StandardDeviation);
        Assert.Equal(new Quantiles(7, 7, 7, 7), value.Quantiles);
    }

    [Fact]
    public void Summarize_HugeNumbers_StayFinite()
    {
        var value = Summaries.OfJson("[1.7e308,-1.7e308,1.7e308]").Columns!["value"];

        Assert.Equal(1.7e308 / 3, value.Mean!.Value, 1e294);
        Assert.Equal(1.7e308, value.Quantiles!.P50);
        Assert.Equal(0, value.Quantiles.P25, 1e294);
        Assert.Null(value.StandardDeviation);
    }

    [Fact]
    public void Summarize_NumberBeyondDouble_IsText()
    {
        var value = Summaries.OfJson("[1e999,2]").Columns!["value"];

        Assert.Equal("mixed", value.Type);
        Assert.Equal(2, value.Max);
        Assert.Equal([new TopValue("1e999", 1)], value.Top!);
    }

    [Fact]
    public void Summarize_SmallDifferencesOfLargeNumbers_KeepTheirDeviation()
    {
        // A one-pass sum of squares loses this one.
        var value = Summaries.OfJson("[1000000000.1,1000000000.2,1000000000.3]").Columns!["value"];

        Assert.Equal(0.1, value.StandardDeviation!.Value, 6);
    }

    [Fact]
    public void Summarize_LargeIntegers_AreDistinctByTheirDigits() =>
        Assert.Equal(
            3,
            Summaries.OfJson("[9007199254740993,9007199254740992,9007199254740993,1,1.0]").Columns!["value"].Distinct);

    [Fact]
    public void Summarize_MixedTypes_CountsEach()
    {
        var value = Summaries.OfJson("""[1,"1",true,[2],null,"NaN"]""").Columns!["value"];

        Assert.Equal("mixed", value.Type);
        Assert.Equal((5, 1, 5), (value.Count, value.Missing, value.Distinct));
        Assert.Equal(
            [new("boolean", 1), new("nested", 1), new("number", 1), new("text", 2)],
            value.Types!.OrderBy(pair => pair.Key, StringComparer.Ordinal));
        Assert.Equal(1, value.Mean);
    }

    [Fact]
    public void Summarize_RowsOfArrays_NamesColumnsByPlace()
    {
        var columns = Summaries.OfJson("[[1,10],[3,30],[5]]").Columns!;

        Assert.Equal(["0", "1"], columns.Keys);
        Assert.Equal(3, columns["0"].Mean);
        Assert.Equal((20, 1), (columns["1"].Mean, columns["1"].Missing));
    }

    [Theory]
    [InlineData("[]", 0, 0)]
    [InlineData("[{},{}]", 2, 0)]
    [InlineData("[null,null]", 2, 1)]
    public void Summarize_NothingToCount_GivesRowsOnly(string json, int rows, int columns)
    {
        var summary = Summaries.OfJson(json);

        Assert.Equal(rows, summary.Rows);
        Assert.Equal(columns, summary.Columns!.Count);
        Assert.All(
            summary.Columns.Values,
            column => Assert.Equal(("empty", 0, rows), (column.Type, column.Count, column.Missing)));
    }

    [Fact]
    public void Summarize_Object_DescribesItsFields()
    {
        var fields = Summaries.OfJson(
            """{"name":"Ada","age":36,"ok":true,"none":null,"nest":{"a":1},"xs":[1,2,3,null]}""").Fields!;

        Assert.Equal(["name", "age", "ok", "none", "nest", "xs"], fields.Keys);
        Assert.Equal(("string", 3), (fields["name"].Type, fields["name"].Length));
        Assert.Equal("36", fields["age"].Value!.Value.GetRawText());
        Assert.Equal(("boolean", "null", "object"), (fields["ok"].Type, fields["none"].Type, fields["nest"].Type));
        var elements = fields["xs"].Elements!;
        Assert.Equal((4, 3, 1, 2), (fields["xs"].Length, elements.Count, elements.Missing, elements.Mean));
        Assert.Equal(1, elements.StandardDeviation);
    }

    [Fact]
    public void Summarize_TooManyColumns_LeavesTheRestOut()
    {
        var row = string.Join(',', Enumerable.Range(0, Table.ColumnsMax + 2).Select(i => $"\"c{i}\":1"));

        var rows = Summaries.OfJson($"[{{{row}}},{{{row}}}]");
        var fields = Summaries.OfJson($"{{{row}}}");

        Assert.Equal((Table.ColumnsMax, 2), (rows.Columns!.Count, rows.ColumnsLeftOut));
        Assert.Equal((Table.ColumnsMax, 2), (fields.Fields!.Count, fields.FieldsLeftOut));
    }

    [Fact]
    public void Summarize_LongText_IsCutInTheTop()
    {
        var top = Summaries.OfJson($"[\"{new string('x', 300)}\"]").Columns!["value"].Top!;

        Assert.Equal(new string('x', 80) + "...", Assert.Single(top).Value);
    }

    [Fact]
    public void Summarize_Columns_ReportsProgressOfEach()
    {
        var progress = new RecordedProgress();

        Summaries.OfJson("""[{"a":1,"b":2,"c":3,"d":4}]""", progress);

        Assert.Equal([(0, "column a"), (0.25, "column b"), (0.5, "column c"), (0.75, "column d")], progress.Reports);
    }

    [Fact]
    public void Summarize_CancelledToken_Stops() =>
        Assert.Throws<OperationCanceledException>(
            () => Summaries.Of("[1]", new RecordedProgress(), new CancellationToken(canceled: true)));

    [Fact]
    public void Summarize_Scalar_IsABadArgument() =>
        Assert.Equal("data", Assert.Throws<BadArgumentsException>(() => Summaries.OfJson("5")).Parameter);
}
