using Lovage.Specification;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Storage;
using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <summary>Jobs in the transaction of a DbContext, and the view of jobs as an entity.</summary>
public sealed class EntityFrameworkTests : TransactionApp<PostgreSqlTransactionAppFixture>
{
    [Fact]
    public async Task Enqueue_SavedAndCommitted_RunsAndFindsItsRow()
    {
        var found = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var jobs = await StartAsync(Handler("look", async run =>
        {
            await using var own = new Shop(Fixture);
            var id = run.Context.Id.Value;
            found.SetResult(await own.Effects.AnyAsync(effect => effect.Id == id, Stop));
        }));

        await using var context = new Shop(Fixture);
        await using var transaction = await context.Database.BeginTransactionAsync(Stop);
        var handle = await jobs.EnqueueAsync(Job.Create("look"), context, Stop);
        context.Effects.Add(new Effect { Id = handle.Id.Value });
        await context.SaveChangesAsync(Stop);
        await transaction.CommitAsync(Stop);

        await handle.WaitAsync(Patience, Stop);
        Assert.True(await found.Task);
    }

    [Fact]
    public async Task Enqueue_RolledBackAfterSaveChanges_LeavesNothing()
    {
        var jobs = await StartAsync(Handler("look", static _ => Task.CompletedTask));
        IReadOnlyList<JobHandle> handles;
        await using (var context = new Shop(Fixture))
        {
            await using var transaction = await context.Database.BeginTransactionAsync(Stop);
            context.Effects.Add(new Effect { Id = "gone" });
            await context.SaveChangesAsync(Stop);
            handles = await jobs.EnqueueAsync([Job.Create("look"), Job.Create("look")], context, Stop);
        }

        await (await jobs.EnqueueAsync(Job.Create("look"), Stop)).WaitAsync(Patience, Stop);
        Assert.Equal(2, handles.Count);
        foreach (var handle in handles)
        {
            Assert.Null(await jobs.FindAsync(handle.Id, Stop));
        }

        Assert.Equal(0, await Fixture.CountAsync());
    }

    [Fact]
    public async Task Enqueue_WithoutATransaction_ShowsTheLineToAdd()
    {
        var jobs = await StartAsync();
        await using var context = new Shop(Fixture);

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await jobs.EnqueueAsync(Job.Create("look"), context, Stop));

        Assert.Contains(
            "await using var transaction = await context.Database.BeginTransactionAsync();",
            fault.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Enqueue_WithinARetryingStrategy_IsStoredOnce()
    {
        var jobs = await StartAsync(Handler("look", static _ => Task.CompletedTask));
        await using var context = new Shop(Fixture, retries: true);
        var tries = 0;

        var handle = await context.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            await using var transaction = await context.Database.BeginTransactionAsync(Stop);
            var enqueued = await jobs.EnqueueAsync(Job.Create("look"), context, Stop);
            await ExecuteAsync(transaction.GetDbTransaction(), $"INSERT INTO {Fixture.Table} VALUES ('row')");
            if (++tries == 1)
            {
                throw new TimeoutException("as if the connection were lost here");
            }

            await transaction.CommitAsync(Stop);
            return enqueued;
        });

        await handle.WaitAsync(Patience, Stop);
        Assert.Equal(2, tries);
        Assert.Equal((1, 1), await CountersAsync("look"));
        Assert.Equal(1, await Fixture.CountAsync());
    }

    [Fact]
    public async Task Complete_InTheContextsTransaction_IsOneCommit()
    {
        var jobs = await StartAsync(Handler("pay", async run =>
        {
            await using var context = new Shop(Fixture);
            await using var transaction = await context.Database.BeginTransactionAsync(Stop);
            context.Effects.Add(new Effect { Id = run.Context.Id.Value });
            await context.SaveChangesAsync(Stop);
            if (run.Context.Attempt == 1)
            {
                await run.Context.CompleteInTransactionAsync(context, Stop);
                return;
            }

            await run.Context.CompleteInTransactionAsync(context, 7, Stop);
            await transaction.CommitAsync(Stop);
        }));

        var handle = await jobs.EnqueueAsync(Job.Create<int>("pay"), Stop);

        Assert.Equal(7, await handle.WaitAsync(Patience, Stop));
        Assert.Equal(
            [AttemptEnd.Failed, AttemptEnd.Succeeded],
            (await handle.GetAttemptsAsync(Stop)).Select(static attempt => attempt.End));
        Assert.Equal(1, await Fixture.CountAsync());
    }

    [Fact]
    public async Task JobRow_ByLinq_SaysWhatTheRecordSays()
    {
        var jobs = await StartAsync(
            Handler("look", static _ => Task.CompletedTask),
            Handler("fail", static _ => throw new FormatException("never")) with { MaxAttempts = 1 });
        var good = await jobs.EnqueueAsync(Job.Create("look"), Stop);
        await good.WaitAsync(Patience, Stop);
        var bad = await jobs.EnqueueAsync(Job.Create("fail"), Stop);
        await Assert.ThrowsAsync<JobFailedException>(async () => await bad.WaitAsync(Patience, Stop));
        await jobs.EnqueueAsync(Job.Create("look") with { Delay = TimeSpan.FromHours(1) }, Stop);

        await using var context = new Shop(Fixture);
        var now = TimeProvider.System.GetUtcNow();
        var rows = await context.Set<JobRow>()
            .Where(row => row.Queue == "default" && row.CreatedAt < now + TimeSpan.FromMinutes(1))
            .OrderBy(row => row.Status)
            .ToListAsync(Stop);

        Assert.Equal(["FAILURE", "PENDING", "SUCCESS"], rows.Select(static row => row.Status));
        var row = rows[2];
        var found = await good.FindAsync(Stop);
        Assert.Equal((good.Id.Value, "look", 1), (row.Id, row.Name, row.Attempts));
        Assert.Equal($"{Environment.MachineName}:{Environment.ProcessId}", row.Worker);
        Assert.Equal(("Succeeded", 0, found!.Worker), (row.State, row.Priority, row.WorkerKey));
        Assert.Equal(
            ("Failed", typeof(FormatException).FullName, "never"), (rows[0].State, rows[0].ErrorType, rows[0].Error));
        Assert.InRange(row.FinishedAt!.Value, row.CreatedAt, now + TimeSpan.FromMinutes(1));
        Assert.NotNull(row.StartedAt);
        Assert.Equal(JobState.Succeeded, found?.State);
        Assert.Equal(
            1,
            await context.Set<JobRow>().CountAsync(
                static job => job.Status == "PENDING" && job.FinishedAt == null && job.Worker == null, Stop));
    }

    [Fact]
    public void Model_OfTheView_IsLeftAloneByMigrations()
    {
        using var context = new Shop("Host=nowhere", "lovage", "app", retries: false);
        var model = context.GetService<IDesignTimeModel>().Model;

        var operations = context.GetService<IMigrationsModelDiffer>().GetDifferences(null, model.GetRelationalModel());

        Assert.Equal(
            "app",
            Assert.Single(operations.OfType<Microsoft.EntityFrameworkCore.Migrations.Operations.CreateTableOperation>())
                .Schema);
        Assert.DoesNotContain("job", context.Database.GenerateCreateScript(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("job", model.FindEntityType(typeof(JobRow))!.GetViewName());
        Assert.Equal("lovage", model.FindEntityType(typeof(JobRow))!.GetViewSchema());
    }

    private sealed class Effect
    {
        public required string Id { get; init; }
    }

    private sealed class Shop(string connectionString, string lovage, string schema, bool retries) : DbContext
    {
        internal Shop(PostgreSqlTransactionAppFixture fixture, bool retries = false)
            : this(fixture.Server.ConnectionString, fixture.Schema, fixture.Schema, retries)
        {
        }

        internal DbSet<Effect> Effects => Set<Effect>();

        protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder
            .ReplaceService<IModelCacheKeyFactory, KeyBySchema>()
            .UseNpgsql(
                connectionString,
                npgsql => _ = retries ? npgsql.EnableRetryOnFailure(3, TimeSpan.FromMilliseconds(10), null) : npgsql);

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            modelBuilder.Entity<Effect>(
                effect => effect.ToTable("effect", schema).Property(static row => row.Id).HasColumnName("id"));
            modelBuilder.AddLovageJobs(lovage);
        }

        private string Key => $"{lovage}/{schema}";

        private sealed class KeyBySchema : IModelCacheKeyFactory
        {
            public object Create(DbContext context, bool designTime) => (((Shop)context).Key, designTime);
        }
    }
}
