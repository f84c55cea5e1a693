using Quickstart.Jobs.Statistics;
using Xunit;

namespace Lovage.Quickstart.Tests.Statistics;

public sealed class SummarizerCsvTests
{
    [Fact]
    public void Summarize_Csv_GivesHandComputedNumbers()
    {
        var summary = Summaries.OfCsv("name,score\r\nann,2\r\nbob,4\r\ncy,9\r\n");

        Assert.Equal(3, summary.Rows);
        var score = summary.Columns!["score"];
        Assert.Equal(("number", 5, 2, 9), (score.Type, score.Mean, score.Min, score.Max));
        Assert.Equal(Math.Sqrt(13), score.StandardDeviation!.Value, 12);
        Assert.Equal(
            ("text", 2, 3, 3),
            (
                summary.Columns["name"].Type,
                summary.Columns["name"].Shortest,
                summary.Columns["name"].Longest,
                summary.Columns["name"].Distinct));
    }

    [Theory]
    [InlineData("a,b\n\"1,5\",\"say \"\"hi\"\"\"\n", "1,5", "say \"hi\"")]
    [InlineData("a,b\r\"line\r\nbreak\",x", "line\r\nbreak", "x")]
    [InlineData("a,b\nfive\" tall,closed", "five\" tall", "closed")]
    [InlineData("a,b\n\"\",\"\"\"\"\nx,", "x", "\"")]
    public void Summarize_QuotedFields_AreReadAsRfc4180Says(string csv, string a, string b)
    {
        var columns = Summaries.OfCsv(csv).Columns!;

        Assert.Equal(a, Assert.Single(columns["a"].Top!).Value);
        Assert.Equal(b, Assert.Single(columns["b"].Top!).Value);
    }

    [Theory]
    [InlineData("a,b\n1,\"x\n2,y\n3,z\n", 2)]
    [InlineData("\"", 1)]
    [InlineData("a\r\r\n\"b\nc\"\r\n\"d\"\"", 5)]
    [InlineData("\uFEFF\"a", 1)]
    public void Summarize_QuoteThatIsNeverClosed_IsRefusedWithItsLine(string csv, int line)
    {
        var refused = Assert.Throws<BadArgumentsException>(() => Summaries.OfCsv(csv));

        Assert.Contains(
            $"begins in line {line} has a quote that is never closed", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Summarize_TextAfterAClosingQuote_IsRefusedWithItsLine()
    {
        var refused = Assert.Throws<BadArgumentsException>(() => Summaries.OfCsv("a,b\n1,2\n\"x\"y,3\n"));

        Assert.Contains("begins in line 3 has text after a closing quote", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Summarize_RaggedRows_MissOrAddColumns()
    {
        var summary = Summaries.OfCsv("a,b\n1\n2,3,4\n\n5,6\n");

        Assert.Equal(3, summary.Rows);
        Assert.Equal(["a", "b", "column_3"], summary.Columns!.Keys);
        Assert.Equal(
            (2, 1, 4.5), (summary.Columns["b"].Count, summary.Columns["b"].Missing, summary.Columns["b"].Mean));
        Assert.Equal(
            (1, 2, 4),
            (summary.Columns["column_3"].Count, summary.Columns["column_3"].Missing, summary.Columns["column_3"].Max));
    }

    [Fact]
    public void Summarize_DuplicateAndEmptyNames_GetNamesOfTheirOwn() =>
        Assert.Equal(["x", "x_2", "column_3", "x_3"], Summaries.OfCsv("x,x,,x\n1,2,3,4").Columns!.Keys);

    [Fact]
    public void Summarize_WordsForNoValue_AreMissing()
    {
        var value = Summaries.OfCsv("v\n1\nNaN\nN/A\n3\nnull\n\" \"\n").Columns!["v"];

        Assert.Equal(("number", 2, 4, 2), (value.Type, value.Count, value.Missing, value.Mean));
    }

    [Theory]
    [InlineData("1e999", "text")]
    [InlineData("Infinity", "text")]
    [InlineData("1,000", "number")]
    [InlineData(" 12.5e-1 ", "number")]
    [InlineData("0x10", "text")]
    [InlineData("TRUE", "boolean")]
    [InlineData("٣", "text")]
    public void Summarize_Field_IsANumberOnlyWhenItIsFinite(string field, string type) =>
        Assert.Equal(type, Summaries.OfCsv($"v\n{field}").Columns!["v"].Type);

    [Fact]
    public void Summarize_HeaderOnly_HasColumnsWithoutRows()
    {
        var summary = Summaries.OfCsv("\uFEFFa,b");

        Assert.Equal(0, summary.Rows);
        Assert.Equal(["a", "b"], summary.Columns!.Keys);
    }

    [Fact]
    public void Summarize_TooManyColumns_LeavesTheRestOut()
    {
        var summary = Summaries.OfCsv(string.Join(',', Enumerable.Repeat("a", Table.ColumnsMax + 3))
            + "\n"
            + string.Join(',', Enumerable.Range(0, Table.ColumnsMax + 4)));

        Assert.Equal((Table.ColumnsMax, 4), (summary.Columns!.Count, summary.ColumnsLeftOut));
        Assert.Equal(999, summary.Columns["a_1000"].Max);
    }
}
