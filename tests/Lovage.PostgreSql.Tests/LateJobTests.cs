using Lovage.Protocol;
using Lovage.Specification;
using Lovage.Storage;
using Npgsql;
using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <summary>
/// Jobs that are ready at a place behind which others were claimed more than half a second ago, so that a look does not
/// begin before it any more. The clock by which looks from the start come round stands still: what is claimed all the
/// same was told.
/// </summary>
public sealed class LateJobTests : SchemaTests
{
    /// <summary>By how much the place where a look begins follows what was claimed.</summary>
    private static readonly TimeSpan Trail = TimeSpan.FromMilliseconds(500);

    private readonly ManualTimeProvider _wire = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Commit_LongAfterItsJobWasEnqueued_HasItClaimedAtOnce(bool elsewhere)
    {
        await using var here = await OpenAsync();
        await using var there = await OpenAsync();
        await using var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync(Stop);
        var late = Data.Message();
        await (elsewhere ? there : here).Transactions!.PublishAsync(transaction, [late], Stop);
        await PassAsync(here);
        var waiting = WaitForJobsAsync(here, 1);

        await transaction.CommitAsync(Stop);

        Assert.Equal(late.Id, Assert.Single(await waiting.WaitAsync(Patience, Stop)).Message.Id);
    }

    [Fact]
    public async Task Commit_ThatNobodyTells_WaitsForTheNextLookFromTheStart()
    {
        await using var storage = await OpenAsync(PostgreSqlHints.Poll);
        await using var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync(Stop);
        var late = Data.Message();
        await storage.Transactions!.PublishAsync(transaction, [late], Stop);
        await PassAsync(storage);
        await transaction.CommitAsync(Stop);

        Assert.Empty(await ReceiveAsync(storage, 1));
        _wire.Advance(TimeSpan.FromSeconds(1) - Trail);
        Assert.Equal(late.Id, Assert.Single(await ReceiveAsync(storage, 1)).Message.Id);
    }

    [Fact]
    public async Task Commit_OfManyThatNobodyTells_HasTheOthersClaimedAfterTheFirst()
    {
        await using var storage = await OpenAsync(PostgreSqlHints.Poll);
        await using var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync(Stop);
        var late = Data.Messages(3);
        await storage.Transactions!.PublishAsync(transaction, late, Stop);
        await PassAsync(storage);
        await transaction.CommitAsync(Stop);
        _wire.Advance(TimeSpan.FromSeconds(1) - Trail);

        foreach (var message in late)
        {
            Assert.Equal(message.Id, Assert.Single(await ReceiveAsync(storage, 1)).Message.Id);
        }
    }

    [Fact]
    public async Task Commit_WhileNobodyListened_IsClaimedOnceTheyListenAgain()
    {
        await using var storage = await OpenAsync();
        await using var silent = await OpenAsync(PostgreSqlHints.Poll);
        await using var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync(Stop);
        var late = Data.Message();
        await silent.Transactions!.PublishAsync(transaction, [late], Stop);
        await PassAsync(storage);
        await transaction.CommitAsync(Stop);
        Assert.Empty(await ReceiveAsync(storage, 1));
        var waiting = WaitForJobsAsync(storage, 1);

        Assert.True(await Server.ScalarAsync<bool>($"SELECT pg_terminate_backend({storage.ListeningSession})"));

        Assert.Equal(late.Id, Assert.Single(await waiting.WaitAsync(Patience, Stop)).Message.Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Release_OfAJobClaimedLongAgo_HasItClaimedAtOnce(bool elsewhere)
    {
        await using var here = await OpenAsync();
        await using var there = await OpenAsync();
        var early = await ClaimAsync(elsewhere ? there : here);
        _wire.Advance(Trail);
        await PassAsync(here);
        var waiting = WaitForJobsAsync(here, 1);

        Assert.Equal(1, (await (elsewhere ? there : here).Broker.ReleaseAsync([early.Token], Stop)).Count);

        Assert.Equal(early.Message.Id, Assert.Single(await waiting.WaitAsync(Patience, Stop)).Message.Id);
    }

    [Fact]
    public async Task Commit_OfAJobThatWasDueLongAgo_HasItClaimedAtOnce()
    {
        var clock = new ManualTimeProvider();
        await using var storage = await OpenAsync(clock: clock);
        await using var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync(Stop);
        var late = Delayed();
        await storage.Transactions!.PublishAsync(transaction, [late], Stop);
        await PassDueAsync(storage, clock);
        var waiting = WaitForJobsAsync(storage, 1);

        await transaction.CommitAsync(Stop);

        Assert.Equal(late.Id, Assert.Single(await waiting.WaitAsync(Patience, Stop)).Message.Id);
    }

    [Fact]
    public async Task Commit_OfAJobThatWasDueLongAgoAndNobodyTells_WaitsForTheNextLookFromTheStart()
    {
        var clock = new ManualTimeProvider();
        await using var storage = await OpenAsync(PostgreSqlHints.Poll, clock);
        await using var connection = await ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync(Stop);
        var late = Delayed();
        await storage.Transactions!.PublishAsync(transaction, [late], Stop);
        await PassDueAsync(storage, clock);
        await transaction.CommitAsync(Stop);

        Assert.Empty(await ReceiveAsync(storage, 1));
        _wire.Advance(TimeSpan.FromSeconds(1) - Trail);
        Assert.Equal(late.Id, Assert.Single(await ReceiveAsync(storage, 1)).Message.Id);
    }

    /// <summary>Claims jobs past the places that were taken until now, until a look begins behind these.</summary>
    private async Task PassAsync(PostgreSqlStorage storage)
    {
        await ClaimAsync(storage);
        _wire.Advance(Trail);
        await ClaimAsync(storage);
    }

    private JobMessage Delayed() => Data.Message() with { Delay = TimeSpan.FromSeconds(1) };

    /// <summary>
    /// Makes jobs ready that were due later than any until now, until a look begins behind their due times.
    /// </summary>
    private async Task PassDueAsync(PostgreSqlStorage storage, ManualTimeProvider clock)
    {
        for (var pass = 0; pass < 2; pass++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            _wire.Advance(Trail * pass);
            var message = Delayed();
            await storage.Broker.PublishAsync([message], Stop);
            clock.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(message.Id, Assert.Single(await ReceiveAsync(storage, 1)).Message.Id);
        }
    }

    private async Task<Delivery> ClaimAsync(PostgreSqlStorage storage)
    {
        var message = Data.Message();
        await storage.Broker.PublishAsync([message], Stop);
        var delivery = Assert.Single(await ReceiveAsync(storage, 1));
        Assert.Equal(message.Id, delivery.Message.Id);
        return delivery;
    }

    private Task<PostgreSqlStorage> OpenAsync(
        PostgreSqlHints hints = PostgreSqlHints.Auto, ManualTimeProvider? clock = null) =>
        OpenAsync(Options with { Wire = _wire, Hints = hints, Clock = clock });
}
