using System.Net;
using Lovage.Dashboard.Tests.Sites;

namespace Lovage.Dashboard.Tests;

public sealed class SessionTests
{
    [Fact]
    public async Task Session_OpenConsole_SaysWhatThereIs()
    {
        await using var site = await ConsoleSite.StartAsync();

        var session = (await site.GetAsync("/lovage/api/session")).Json;

        Assert.Equal(4, session.GetProperty("permissions").GetArrayLength());
        Assert.False(session.GetProperty("read_only").GetBoolean());
        Assert.Equal("Production", session.GetProperty("environment").GetString());
        Assert.True(session.GetProperty("features").GetProperty("history").GetBoolean());
        Assert.EndsWith("Z", session.GetProperty("now").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("overview")]
    [InlineData("jobs")]
    [InlineData("queues")]
    [InlineData("workers")]
    [InlineData("errors")]
    [InlineData("running")]
    [InlineData("chart")]
    [InlineData("chart?range=24h")]
    public async Task Read_EmptyStorage_Answers(string path)
    {
        await using var site = await ConsoleSite.StartAsync();

        var answer = await site.GetAsync($"/lovage/api/{path}");

        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
        Assert.Equal("nosniff", answer.Headers["X-Content-Type-Options"]);
    }
}
