using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>What running attempts have logged, and which run the longest.</summary>
public abstract class LiveLinesSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    [Fact]
    public async Task LiveLines_OfARunningAttempt_AreReplacedByNewerOnes()
    {
        var message = await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        await StartAsync(delivery, ahead: false);
        Assert.Empty(await LinesAsync(message.Id));
        LogLine[] lines = [Line("one", 2), Line("zwei \U0001F33F\n", 4)];

        await ReportAsync(delivery, 0.25, "a quarter", lines);
        Assert.Equal(lines, await LinesAsync(message.Id));
        Assert.Equal((0.25, "a quarter"), await ProgressAsync(message.Id));

        await ReportAsync(delivery, null, null, Line("three"));
        Assert.Equal(["three"], Texts(await LinesAsync(message.Id)));
        Assert.Equal((0.25, "a quarter"), await ProgressAsync(message.Id));

        await ReportAsync(delivery, 0.5, null);
        Assert.Equal(["three"], Texts(await LinesAsync(message.Id)));
        Assert.Equal((0.5, null), await ProgressAsync(message.Id));
    }

    [Fact]
    public async Task LiveLines_EndWithTheirClaim()
    {
        var messages = A.Messages(4);
        await PublishAsync(messages);
        var deliveries = await ReceiveAsync();
        foreach (var delivery in deliveries)
        {
            await StartAsync(delivery, ahead: false);
            await ReportAsync(delivery, null, null, Line("x"));
        }

        await SettleAsync(deliveries[0]);
        await SettleAsync(deliveries[1], JobDecision.Retry);
        await ReleaseAsync([deliveries[2].Token]);
        await KillAsync();
        foreach (var message in messages)
        {
            Assert.Empty(await LinesAsync(message.Id));
        }

        Assert.Equal(2, (await ReceiveAsync()).Count);
        Assert.NotNull(await ReceiveOrphanAsync());
        Assert.Empty(await LinesAsync(messages[1].Id));
    }

    [Fact]
    public async Task LiveLines_UnderAStaleToken_ChangeNothing()
    {
        var message = await PublishOneAsync();
        var stale = await ReceiveOneAsync();
        await ReleaseAsync([stale.Token]);
        await ReportAsync(stale, 0.5, null, Line("stale"));
        Assert.Empty(await LinesAsync(message.Id));

        var held = await ReceiveOneAsync("two");
        await StartAsync(held, ahead: false);
        await ReportAsync(held, null, null, Line("held"));
        await ReportAsync(stale, 0.5, null, Line("stale"));
        Assert.Equal(["held"], Texts(await LinesAsync(message.Id)));
        Assert.Null((await FindAsync(message.Id)).Progress);
    }

    [Fact]
    public async Task LiveLines_MoreThanTheBound_AreTheNewest()
    {
        var message = await PublishOneAsync();
        var delivery = await ReceiveOneAsync();
        await StartAsync(delivery, ahead: false);
        LogLine[] lines = [.. Enumerable.Range(0, ProgressUpdate.LiveLinesMax + 5).Select(i => Line($"{i}"))];

        await ReportAsync(delivery, null, null, lines);

        Assert.Equal(lines[5..], await LinesAsync(message.Id));
    }

    [Fact]
    public async Task LiveLines_OfAnUnknownOrWaitingJob_AreNone()
    {
        var message = await PublishOneAsync();
        Assert.Empty(await LinesAsync(message.Id));
        Assert.Empty(await LinesAsync(A.Id()));
    }

    [Fact]
    public async Task LongestRunning_JobsThatRun_ComeLongestFirst()
    {
        var messages = A.Messages(6);
        await PublishAsync(messages);
        var deliveries = await ReceiveAsync(5);
        foreach (var i in new[] { 2, 0, 3, 1 })
        {
            await StartAsync(deliveries[i], ahead: false);
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal([2, 0, 3, 1], await LongestAsync(10));
        Assert.Equal([2, 0], await LongestAsync(2));
        await SettleAsync(deliveries[2]);
        await ReleaseAsync([deliveries[3].Token]);
        Assert.Equal([0, 1], await LongestAsync(10));
        var job = (await History.LongestRunningAsync(1, Stop))[0];
        Assert.Equal((JobState.Running, TestData.Owner().Key), (job.State, job.Worker));
        Assert.Equal((await FindAsync(job.Id)).StartedAt, job.StartedAt);

        async Task<IReadOnlyList<int>> LongestAsync(int max) =>
        [
            .. (await History.LongestRunningAsync(max, Stop))
                .Select(job => Array.FindIndex(messages, message => message.Id == job.Id)),
        ];
    }

    private LogLine Line(string text, int level = 2) => new(Time.GetUtcNow(), level, "Jobs.Add", text);

    private static string[] Texts(IEnumerable<LogLine> lines) => [.. lines.Select(static line => line.Message)];

    private async Task ReportAsync(Delivery delivery, double? fraction, string? text, params LogLine[] lines) =>
        await Store.ReportProgressAsync(
            [new ProgressUpdate(delivery.Token, delivery.Message.Id, fraction, text) { Lines = lines }], Stop);

    private async Task<IReadOnlyList<LogLine>> LinesAsync(JobId id) => await History.LiveLinesAsync(id, Stop);

    private async Task<(double?, string?)> ProgressAsync(JobId id)
    {
        var job = await FindAsync(id);
        return (job.Progress, job.ProgressMessage);
    }
}
