using FsCheck;
using FsCheck.Fluent;
using Lovage.Dashboard.Search;

namespace Lovage.Dashboard.Tests;

/// <summary>Searches as people type them.</summary>
public sealed class SearchParserTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Parse_EachQualifier_IsInTheQuery()
    {
        var query = Parse(
            "queue:mail state:failed,dead state:expired name:mail.welcome worker:w root:r-1 schedule:daily "
                + "fingerprint:ab12 tag:order:42 args:\"anna \\\"x\\\" b\" since:2h until:2026-11-30T10:00Z").Query;

        Assert.Equal("mail", query.Queue);
        Assert.Equal([JobState.Failed, JobState.Dead, JobState.Expired], query.States);
        Assert.Equal("mail.welcome", query.Name);
        Assert.Equal("w", query.Worker);
        Assert.Equal("r-1", query.RootId);
        Assert.Equal("daily", query.ScheduleId);
        Assert.Equal("ab12", query.Fingerprint);
        Assert.Equal("order:42", query.Tag);
        Assert.Equal("anna \"x\" b", query.ArgumentText);
        Assert.Equal(Now - TimeSpan.FromHours(2), query.Since);
        Assert.Equal(new DateTimeOffset(2026, 11, 30, 10, 0, 0, TimeSpan.Zero), query.Until);
    }

    [Theory]
    [InlineData("since:30m", 30 * 60)]
    [InlineData("since:45s", 45)]
    [InlineData("since:7d", 7 * 86_400)]
    [InlineData("since:2w", 14 * 86_400)]
    public void Parse_Duration_CountsBackFromNow(string text, int seconds) =>
        Assert.Equal(Now - TimeSpan.FromSeconds(seconds), Parse(text).Query.Since);

    [Theory]
    [InlineData("0198c3a1-7f00-7000-8000-000000000001")]
    [InlineData("id:order:42")]
    public void Parse_AnId_NamesOneJob(string text) =>
        Assert.Equal(text.Replace("id:", "", StringComparison.Ordinal), Parse(text).Id?.Value);

    [Theory]
    [InlineData("colour:red", "'colour' is no qualifier")]
    [InlineData("state:gone", "'gone' is no state")]
    [InlineData("since:yesterday", "is no time")]
    [InlineData("since:99999999d", "is no time")]
    [InlineData("queue:", "has no value")]
    [InlineData("queue:a queue:b", "twice")]
    [InlineData("two words", "has no qualifier")]
    [InlineData("args:\"open", "double quote is open")]
    [InlineData("mail@example.org", "is no job id")]
    public void Parse_WhatCannotBeUnderstood_SaysWhatThereIs(string text, string message)
    {
        var error = Assert.Throws<SearchException>(() => Parse(text));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains("queue", error.Qualifiers);
    }

    [Fact]
    public void Parse_QualifierWithoutAnIndex_IsRefused()
    {
        var error = Assert.Throws<SearchException>(
            () => SearchParser.Parse("worker:w", Now, JobQualifiers.State | JobQualifiers.Queue));

        Assert.Equal(["id", "state", "queue"], error.Qualifiers);
    }

    [Fact]
    public void Parse_OverABound_IsRefused()
    {
        Assert.Throws<SearchException>(() => Parse(new string('a', 501)));
        Assert.Throws<SearchException>(
            () => Parse(string.Join(' ', Enumerable.Repeat("state:dead", 21))));
        Parse(string.Join(' ', Enumerable.Repeat("state:dead", 20)));
    }

    [Fact]
    public void Parse_AnyText_ThrowsNothingButItsOwnError() => Prop.ForAll<string?>(static text =>
    {
        try
        {
            Parse(text);
        }
        catch (SearchException)
        {
            // Its own.
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Parse_AnyTerms_ThrowsNothingButItsOwnError()
    {
        string[] pieces =
        [
            "state:", "queue:", "since:", "until:", "tag:", "id:", "args:", "\"", "\\", ":", ",", " ", "dead", "9", "d",
            "\ud800", "\0",
        ];
        var texts = Gen.Elements(pieces).ListOf().Select(static list => string.Concat(list)).ToArbitrary();

        Prop.ForAll(texts, static text =>
        {
            try
            {
                Parse(text);
            }
            catch (SearchException)
            {
                // Its own.
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Text_OfAQuery_IsReadBackTheSame()
    {
        var query = Parse("queue:mail state:failed,dead args:\"a \\\"b\\\" \\\\c\" tag:\"order 42\" since:2h").Query;

        var again = Parse(SearchText.Of(query)).Query;

        Assert.Equal(query with { States = [] }, again with { States = [] });
        Assert.Equal(query.States, again.States);
    }

    private static JobSearch Parse(string? text) => SearchParser.Parse(text, Now, JobQualifiers.All);
}
