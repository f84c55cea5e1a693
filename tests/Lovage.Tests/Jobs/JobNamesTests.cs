using System.Text.Json;

namespace Lovage.Tests.Jobs;

public sealed class JobNamesTests
{
    public static TheoryData<string, bool, bool, bool> Texts => new()
    {
        // text, an id, a job's name, a queue's name
        { "a", true, true, true },
        { "order-7:retry_2.b", true, true, false },
        { "0198a9b6-1f00-7abc-8def-0123456789ab", true, true, true },
        { "tasks.add", true, true, true },
        { "proj.tasks.<lambda>", false, true, false },
        { "a/b[c]", false, true, false },
        { "", false, false, false },
        { " ", false, false, false },
        { "a b", false, false, false },
        { "a\nb", false, false, false },
        { "a\0", false, false, false },
        { "größe", false, false, false },
        { "a'; DROP TABLE jobs;--", false, false, false },
        { "a*", false, false, false },
        { "a{b}", false, false, false },
        { "unacked", true, true, false },
        { "unacked_index", true, true, false },
        { "unacked_mutex", true, true, false },
        { "unacked_other", true, true, true },
        { "_kombu.binding.celery", true, true, false },
        { "amq.direct", true, true, false },
        { "amq", true, true, true },
        { "celery-task-meta-1", true, true, false },
        { "celery", true, true, true },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Rules_Text_IsTakenOnlyForWhatItMayBe(string text, bool isId, bool isName, bool isQueue)
    {
        Assert.Equal(
            (isId, isName, isQueue), (JobId.TryParse(text, out _), JobNames.IsName(text), JobNames.IsQueue(text)));
        Assert.Equal(!isName, Record.Exception(() => Job.Create(text)) is ArgumentException);
        Assert.Equal(!isQueue, Record.Exception(() => Job.Create("n") with { Queue = text }) is ArgumentException);
        Assert.Equal(!isId, Record.Exception(() => JobId.Parse(text)) is ArgumentException);
    }

    [Fact]
    public void Rules_Length_IsLimitedToTheLastCharacter()
    {
        Assert.True(JobNames.IsId(new string('a', 128)));
        Assert.False(JobNames.IsId(new string('a', 129)));
        Assert.True(JobNames.IsName(new string('a', 255)));
        Assert.False(JobNames.IsName(new string('a', 256)));
        Assert.True(JobNames.IsQueue(new string('a', 64)));
        Assert.False(JobNames.IsQueue(new string('a', 65)));
        Assert.False(JobNames.IsId(null) || JobNames.IsName(null) || JobNames.IsQueue(null));
    }

    [Fact]
    public void JobId_Default_IsEmptyAndNoId()
    {
        Assert.Equal("", default(JobId).Value);
        Assert.False(JobId.TryParse(default(JobId).ToString(), out _));
        Assert.NotEqual(default, JobId.Parse("a"));
    }

    [Fact]
    public void JobId_Json_IsItsTextAndChecked()
    {
        Assert.Equal("\"order-7\"", JsonSerializer.Serialize(JobId.Parse("order-7")));
        Assert.Equal(JobId.Parse("order-7"), JsonSerializer.Deserialize<JobId>("\"order-7\""));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<JobId>("\"or der\""));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<JobId>("null"));
    }

    [Fact]
    public void Shown_ControlCharacters_AreEscapedAndLongTextsCut()
    {
        Assert.Equal("a\\u000ab\\u001b[31m\\u0085", JobNames.Shown("a\nb\u001b[31m\u0085"));
        Assert.Equal(new string('x', 80) + "...", JobNames.Shown(new string('x', 1_000_000)));
        Assert.Equal("(null)", JobNames.Shown(null));
        Assert.Equal("plain ü", JobNames.Shown("plain ü"));
    }

    [Fact]
    public void Refusals_OfHostileText_ShowNoControlCharacterAndStayShort()
    {
        var hostile = "x\r\n2026 ERROR forged\u001b[2J" + new string('y', 100_000);
        foreach (var refused in (Action[])[
            () => Job.Create(hostile),
            () => JobId.Parse(hostile),
            () => _ = Job.Create("n") with { Queue = hostile },
        ])
        {
            var message = Assert.Throws<ArgumentException>(refused).Message;
            Assert.DoesNotContain(message, char.IsControl);
            Assert.InRange(message.Length, 1, 600);
            Assert.Contains("x\\u000d\\u000a2026", message, StringComparison.Ordinal);
        }

        var exception = new BadArgumentsException(hostile, null, "why");
        Assert.DoesNotContain(exception.Message, char.IsControl);
    }
}
