using System.Text;
using Lovage.Protocol;
using Lovage.Specification;
using Lovage.Storage;

namespace Lovage.Tests.Storage;

/// <summary>
/// Rows outlive a version: what is written now is what was written before, and what was written before is read.
/// </summary>
public sealed class StoredColumnsTests
{
    private static readonly JobMessage Plain = new()
    {
        Id = JobId.Parse("a"),
        Name = "n",
        Queue = "q",
        Body = JobBody.Empty,
    };
    private static readonly AttemptRecord Attempt =
        StoredSample.Attempt(new AttemptRecord
        {
            Number = 1,
            End = AttemptEnd.Failed,
            StartedAt = DateTimeOffset.UnixEpoch,
            Duration = default,
            Worker = "w",
        });

    [Fact]
    public void Flags_EachField_HasItsBit()
    {
        Assert.Equal(0, MessageColumns.Flags(Plain));
        Assert.Equal(1, MessageColumns.Flags(Plain with { IgnoreResult = true }));
        Assert.Equal(2, MessageColumns.Flags(Plain with { HasChosenId = true }));
        Assert.Equal((false, true), (MessageColumns.IgnoresResult(2), MessageColumns.HasChosenId(2)));

        // Bits of a later version are passed over.
        Assert.Equal((true, false), (MessageColumns.IgnoresResult(5), MessageColumns.HasChosenId(5)));
    }

    [Fact]
    public void More_EveryRareField_IsTheSameJsonAsBeforeAndComesBack()
    {
        var message = StoredSample.Message(Plain);
        var more = MessageColumns.More(message, withOrigin: false);

        Assert.Equal(StoredSample.More, Encoding.UTF8.GetString(more));
        var read = MessageColumns.WithMore(
            Plain with { IgnoreResult = true, HasChosenId = true, Origin = message.Origin }, more);
        Assert.Equal(message.Headers, read.Headers);
        Assert.Equal(message.Tags, read.Tags);
        Assert.Equal(message.SensitiveParameters, read.SensitiveParameters);
        Assert.Equal(
            message,
            read with
            {
                Headers = message.Headers,
                Tags = message.Tags,
                SensitiveParameters = message.SensitiveParameters,
            });
    }

    [Theory]
    [InlineData("""{"sensitive":["a","b#2"]}""", "a|b#2")]
    [InlineData("""{"sensitive":["a",["b"]]}""", "*|@result")]
    [InlineData("""{"sensitive":"a","limit":5}""", "*|@result")]
    [InlineData("""{"other":["a"]}""", "")]
    public void Sensitive_OfAStoredRow_HideAllWhenOneIsNotUnderstood(string more, string expected) => Assert.Equal(
        expected,
        string.Join('|', MessageColumns.WithMore(Plain, Encoding.UTF8.GetBytes(more)).SensitiveParameters));

    [Fact]
    public void More_Origin_StandsInItWhenAskedFor()
    {
        var message = Plain with { Origin = "gen1@host" };

        Assert.Empty(MessageColumns.More(message, withOrigin: false));
        var more = MessageColumns.More(message, withOrigin: true);
        Assert.Equal("""{"origin":"gen1@host"}""", Encoding.UTF8.GetString(more));
        Assert.Equal(message, MessageColumns.WithMore(Plain, more));
    }

    [Fact]
    public void WithMore_NamesOfALaterVersion_ArePassedOver()
    {
        var read = MessageColumns.WithMore(Plain, """{"later":{"limit":[1,{"soft":2}]},"root":"r","more":null}"""u8);

        Assert.Equal(Plain with { RootId = "r" }, read);
        Assert.Same(Plain, MessageColumns.WithMore(Plain, []));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("""{"root":"r"}""", "")]
    [InlineData("""{"tags":["a","b:1"]}""", "a|b:1")]
    [InlineData("""{"headers":{"tags":"x","y":"\"tags\":[1]"},"tags":["a"],"later":1}""", "a")]
    [InlineData("""{"headers":{"tags":"x"}}""", "")]
    [InlineData("""{"tags":[1,null,"","a\u0001","a","a",["b"]]}""", "a")]
    [InlineData("""{"tags":{"a":["b"]},"root":"r"}""", "")]
    [InlineData("""{"tags":["1","2","3","4","5","6","7","8","9"]}""", "1|2|3|4|5|6|7|8")]
    public void Tags_OfAStoredRow_AreThoseThatAreTags(string more, string expected)
    {
        var utf8 = Encoding.UTF8.GetBytes(more);

        Assert.Equal(expected, string.Join('|', MessageColumns.WithMore(Plain, utf8).Tags));
    }

    [Fact]
    public void Error_IsTheSameJsonAsBeforeAndComesBack()
    {
        var stored = AttemptColumns.FromError(Attempt.Error);

        Assert.Equal(StoredSample.Error, Encoding.UTF8.GetString(stored));
        Assert.Equal(Attempt.Error, AttemptColumns.ToError(stored));
        Assert.Empty(AttemptColumns.FromError(null));
        Assert.Null(AttemptColumns.ToError([]));
    }

    [Fact]
    public void Logs_AreTheSameJsonAsBeforeAndComeBack()
    {
        var stored = AttemptColumns.FromLogs(Attempt.Logs);

        Assert.Equal(StoredSample.Logs, Encoding.UTF8.GetString(stored));
        Assert.Equal(Attempt.Logs, AttemptColumns.ToLogs(stored));
        Assert.Empty(AttemptColumns.FromLogs([]));
        Assert.Empty(AttemptColumns.ToLogs([]));
    }

    [Fact]
    public void Time_EveryInstant_ComesBackToTheLetter()
    {
        Assert.Equal(17_672_256_001_234_567, StorageTime.From(Attempt.Logs[0].At));
        Assert.Equal(DateTimeOffset.MaxValue, StorageTime.To(StorageTime.Latest));
        Assert.Equal(DateTimeOffset.MinValue, StorageTime.To(StorageTime.From(DateTimeOffset.MinValue)));
        Assert.Null(StorageTime.From((DateTimeOffset?)null));
        Assert.Null(StorageTime.To((long?)null));
        Assert.Equal(StorageTime.Latest, StorageTime.Span(TimeSpan.MaxValue));
    }
}
