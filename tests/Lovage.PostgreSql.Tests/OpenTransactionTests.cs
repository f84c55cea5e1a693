using System.Diagnostics;
using Lovage.Specification;
using Npgsql;
using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <summary>An id that a transaction, which stays open, is storing: it keeps no other id waiting.</summary>
public sealed class OpenTransactionTests : TransactionApp<PostgreSqlTransactionAppFixture>
{
    private static readonly Job Held = Job.Create("look", "order-7") with { Id = JobId.Parse("order-7") };

    [Fact]
    public async Task Enqueue_IdOfAnOpenTransaction_KeepsNoOtherJobWaiting()
    {
        var jobs = await StartAsync(Handler("look", static _ => Task.CompletedTask));
        await using var transaction = await Fixture.BeginAsync(jobs);
        await jobs.EnqueueAsync(Held, transaction, Stop);

        var clock = Stopwatch.StartNew();
        var refused = Enumerable.Range(0, 8)
            .Select(_ => Assert.ThrowsAsync<StorageException>(async () => await jobs.EnqueueAsync(Held, Stop)))
            .ToList();
        var others = Enumerable.Range(0, 100)
            .Select(i => jobs.EnqueueAsync(Job.Create("look", i), Stop).AsTask())
            .ToList();
        var chosen = Enumerable.Range(0, 20)
            .Select(i => jobs.EnqueueAsync(
                Job.Create("look", i) with { Id = JobId.Parse($"other-{i}") }, Stop).AsTask())
            .ToList();
        await Task.WhenAll(others).WaitAsync(TimeSpan.FromSeconds(1.5), Stop);
        await Task.WhenAll(chosen).WaitAsync(TimeSpan.FromSeconds(1.9), Stop);
        foreach (var fault in await Task.WhenAll(refused))
        {
            Assert.True(fault.IsTransient, fault.Message);
            Assert.Contains("by a transaction that is still open", fault.Message, StringComparison.Ordinal);
        }

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"{clock.Elapsed}");
        await transaction.CommitAsync(Stop);
        await (await jobs.EnqueueAsync(Held, Stop)).WaitAsync(Patience, Stop);
        await Task.WhenAll((await Task.WhenAll(chosen)).Select(handle => handle.WaitAsync(Patience, Stop).AsTask()));
    }

    [Fact]
    public async Task Enqueue_BulkWithAnIdOfAnOpenTransaction_StoresAllOthersAndSaysSo()
    {
        var jobs = await StartAsync(Handler("look", static _ => Task.CompletedTask));
        var transaction = await Fixture.BeginAsync(jobs);
        await jobs.EnqueueAsync(Held, transaction, Stop);
        Job[] all =
        [
            Job.Create("look", 1) with { Id = JobId.Parse("bulk-1") }, Held, Job.Create("look", 2),
            Job.Create("look", 3) with { Id = JobId.Parse("bulk-3") },
        ];

        var fault = await Assert.ThrowsAsync<StorageException>(async () => await jobs.EnqueueAsync(all, Stop));

        Assert.True(fault.IsTransient, fault.Message);
        Assert.Contains("order-7", fault.Message, StringComparison.Ordinal);
        Assert.Contains("All others", fault.Message, StringComparison.Ordinal);
        Assert.NotNull(await jobs.FindAsync(JobId.Parse("bulk-1"), Stop));
        Assert.NotNull(await jobs.FindAsync(JobId.Parse("bulk-3"), Stop));
        Assert.Null(await jobs.FindAsync(JobId.Parse("order-7"), Stop));

        // It can be repeated as it is, whatever becomes of the transaction.
        await transaction.DisposeAsync();
        var handles = await jobs.EnqueueAsync(
            [.. all.Select(static job => job.Id is null ? job with { Id = JobId.Parse("bulk-2") } : job)], Stop);
        foreach (var handle in handles)
        {
            await handle.WaitAsync(Patience, Stop);
        }
    }

    [Fact]
    public async Task Publish_TableIsLocked_EndsTheStatementWithItsCallers()
    {
        var jobs = await StartAsync(Handler("look", static _ => Task.CompletedTask));
        await jobs.EnqueueAsync(Job.Create("look", 0), Stop);
        await using var connection = new NpgsqlConnection(Fixture.Server.ConnectionString);
        await connection.OpenAsync(Stop);
        await using (var transaction = await connection.BeginTransactionAsync(Stop))
        {
            await using var lockTable = new NpgsqlCommand(
                $"LOCK TABLE {Fixture.Schema}.message IN ACCESS EXCLUSIVE MODE", connection);
            await lockTable.ExecuteNonQueryAsync(Stop);
            var fault = await Assert.ThrowsAsync<StorageException>(
                async () => await jobs.EnqueueAsync(Job.Create("look", 1), Stop));
            Assert.Contains("EnqueueTimeout", fault.Message, StringComparison.Ordinal);

            // The statement ended with its caller: it does not wait for the lock any longer.
            for (var tries = 0; await WaitingAsync() > 0; tries++)
            {
                Assert.True(tries < 100, "A statement waits on without its caller.");
                await Task.Delay(50, Stop);
            }

            await transaction.RollbackAsync(Stop);
        }

        await (await jobs.EnqueueAsync(Job.Create("look", 2), Stop)).WaitAsync(Patience, Stop);

        Task<long> WaitingAsync() => Fixture.Server.ScalarAsync<long>(
            $"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%{Fixture.Schema}%' "
                + "AND query LIKE '%INSERT INTO%message%'");
    }
}
