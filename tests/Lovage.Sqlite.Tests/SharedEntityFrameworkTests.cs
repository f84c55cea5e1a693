using Lovage.Specification;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Xunit;

namespace Lovage.Sqlite.Tests;

/// <summary>A DbContext on the file that its app shares with Lovage.</summary>
public sealed class SharedEntityFrameworkTests : TransactionApp<SharedShopFixture>
{
    [Fact]
    public async Task Enqueue_SavedAndCommitted_RunsAndFindsItsRow()
    {
        var found = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var jobs = await StartAsync(Handler("look", async run =>
        {
            await using var own = Fixture.Open();
            var id = run.Context.Id.Value;
            found.SetResult(await own.Effects.AnyAsync(effect => effect.Id == id, Stop));
        }));

        await using var context = Fixture.Open();
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
        await using (var context = Fixture.Open())
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
        await using var context = Fixture.Open();

        var fault = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await jobs.EnqueueAsync(Job.Create("look"), context, Stop));

        Assert.Contains("context.Database.BeginTransactionAsync()", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Complete_InTheContextsTransaction_IsOneCommit()
    {
        var jobs = await StartAsync(Handler("pay", async run =>
        {
            await using var context = Fixture.Open();
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
    public async Task SaveChanges_BesideAWorker_NeedsNoTransactionOfItsOwn()
    {
        var jobs = await StartAsync(Handler("save", async run =>
        {
            await using var context = Fixture.Open();
            context.Effects.Add(new Effect { Id = run.Context.Id.Value });
            await context.SaveChangesAsync(Stop);
        }));

        var handles = await jobs.EnqueueAsync(
            [.. Enumerable.Range(0, 50).Select(static _ => Job.Create("save"))], Stop);
        foreach (var handle in handles)
        {
            await handle.WaitAsync(Patience, Stop);
        }

        Assert.Equal(50, await Fixture.CountAsync());
    }

    [Fact]
    public async Task Migrate_WhileLovageRuns_ChangesTheAppsTables()
    {
        var jobs = await StartAsync(Handler("look", static _ => Task.CompletedTask));
        await using (var migrating = Fixture.Open())
        {
            await migrating.Database.MigrateAsync(Stop);
        }

        await using var context = Fixture.Open();
        await using var transaction = await context.Database.BeginTransactionAsync(Stop);
        await context.Database.ExecuteSqlAsync($"INSERT INTO customer(name) VALUES ('new')", Stop);
        var handle = await jobs.EnqueueAsync(Job.Create("look"), context, Stop);
        await transaction.CommitAsync(Stop);

        await handle.WaitAsync(Patience, Stop);
    }

    [Fact]
    public async Task Model_OfTheApp_KnowsNothingOfLovagesTables()
    {
        await StartAsync();
        await using var context = Fixture.Open();

        Assert.DoesNotContain("lovage", context.Database.GenerateCreateScript(), StringComparison.OrdinalIgnoreCase);
        Assert.False(await context.Database.EnsureCreatedAsync(Stop));
        Assert.Equal(0, await context.Effects.CountAsync(Stop));
    }
}

/// <summary>A row of the app's.</summary>
public sealed class Effect
{
    public required string Id { get; init; }
}

/// <summary>The app's context.</summary>
public sealed class Shop(string file) : DbContext
{
    public DbSet<Effect> Effects => Set<Effect>();

    protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder
        .UseSqlite($"Data Source={file}")
        .ConfigureWarnings(static warnings => warnings.Ignore(RelationalEventId.PendingModelChangesWarning));

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        ArgumentNullException.ThrowIfNull(modelBuilder);
        modelBuilder.Entity<Effect>(
            static effect => effect.ToTable("effect").Property(static row => row.Id).HasColumnName("id"));
    }
}

/// <summary>A change of the app's tables.</summary>
[DbContext(typeof(Shop))]
[Migration("20260101000000_Customers")]
public sealed class Customers : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.CreateTable("customer", static table => new { name = table.Column<string>() });
    }
}

/// <summary>A file that Entity Framework Core has made.</summary>
public sealed class SharedShopFixture : TransactionAppFixture
{
    private readonly TempFolder _folder = new();

    public override string Table => "effect";

    public Shop Open() => new(_folder.File);

    public override async ValueTask StartAsync()
    {
        await using var context = Open();
        Assert.True(await context.Database.EnsureCreatedAsync());
    }

    public override Storage.JobStorage NewStorage() => new SqliteStorage(new SqliteStorageOptions
    {
        Path = _folder.File,
        IsShared = true,
        Synchronous = SqliteSynchronous.Normal,
    });

    public override ValueTask<AppTransaction> BeginAsync(JobClient jobs) =>
        throw new NotSupportedException("The tests begin transactions of a context.");

    public override async ValueTask<long> CountAsync(string condition = "true")
    {
        await using var context = Open();
        return await context.Effects.LongCountAsync();
    }

    public override ValueTask DisposeAsync()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Dispose();
        return default;
    }
}
