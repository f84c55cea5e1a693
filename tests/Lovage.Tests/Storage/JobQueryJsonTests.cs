using System.Text;
using System.Text.Json;
using Lovage.Storage.Columns;

namespace Lovage.Tests.Storage;

public sealed class JobQueryJsonTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void ToJson_EveryFilter_ComesBackAndPageSettingsDoNot()
    {
        var query = new JobQuery
        {
            States = [JobState.Failed, JobState.Dead],
            Name = "n",
            Queue = "mail",
            Tag = "order:42",
            Worker = "w",
            RootId = "root",
            ScheduleId = "daily",
            Fingerprint = "ab12",
            EditedFrom = "old",
            Since = Noon,
            Until = Noon.AddTicks(1),
            ArgumentText = "\"a\uD83C\uDF3F",
        };
        var back = JobQueryJson.FromJson(JobQueryJson.ToJson(query with { After = "12", Limit = 7 }));

        Assert.Equal(query.States, back.States);
        Assert.Equal(query with { States = [] }, back with { States = [] });
        Assert.Equal(
            typeof(JobQuery).GetProperties().Length - 2,
            JsonDocument.Parse(JobQueryJson.ToJson(query)).RootElement.EnumerateObject().Count());
        Assert.Equal("{}", Encoding.UTF8.GetString(JobQueryJson.ToJson(new JobQuery())));
        Assert.Equal(new JobQuery(), JobQueryJson.FromJson([]));
    }

    [Fact]
    public void FromJson_UnknownMembers_AreIgnored() => Assert.Equal(
        new JobQuery { Queue = "mail" },
        JobQueryJson.FromJson("""{"colour":{"a":[1,{"name":"x"}]},"queue":"mail","size":7,"none":null}"""u8));

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"name\":7}")]
    [InlineData("{\"states\":\"failed\"}")]
    [InlineData("{\"states\":[\"failed\"]}")]
    [InlineData("{\"since\":\"today\"}")]
    [InlineData("{\"name\":")]
    public void FromJson_OtherForms_AreRefused(string text) =>
        Assert.ThrowsAny<JsonException>(() => JobQueryJson.FromJson(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void ToJson_HalfACharacter_IsReplaced() => Assert.Equal(
        "a\uFFFD", JobQueryJson.FromJson(JobQueryJson.ToJson(new JobQuery { Name = "a\uD800" })).Name);

    [Fact]
    public void ToJson_TooLong_IsRefused() => Assert.Throws<ArgumentException>(
        () => JobQueryJson.ToJson(new JobQuery { ArgumentText = new string('x', JobQueryJson.BytesMax) }));
}
