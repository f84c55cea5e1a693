using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using Lovage.Protocol;
using Lovage.Storage;
using Lovage.Testing;
using Lovage.Tests.Execution;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Tests.Clients;

/// <summary>
/// Jobs with data annotations, as the generator makes them, at both doors: where they are enqueued and before they run.
/// </summary>
public sealed class ArgumentCheckTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EnqueueAsync_TypedArgumentThatBreaksARule_IsRefusedAndNothingIsStored()
    {
        await using var app = await TestApp.StartAsync(static lovage => lovage.AddJobs());

        var refused = await Assert.ThrowsAsync<BadArgumentsException>(
            async () => await app.Jobs.EnqueueAsync(BasketJobs.Order(new Basket([new(1), new(1), new(11)])), Cancel));
        await Assert.ThrowsAsync<BadArgumentsException>(async () => await app.Jobs.EnqueueAsync(
            [BasketJobs.Order(new Basket([])), BasketJobs.Order(new Basket([new(0)]))], Cancel));

        Assert.Equal(
            "Job 'basket.order': argument 'basket.items[2].quantity': The field quantity must be between 1 and 10.",
            refused.Message);
        Assert.Equal(("basket.order", "basket"), (refused.Job, refused.Parameter));
        Assert.Empty(await app.Host.Jobs().EnqueuedAsync(Cancel));
    }

    [Theory]
    [InlineData(
        "basket.order",
        """[{"items":[{"quantity":11}]}]""",
        "basket",
        "'basket.items[0].quantity': The field quantity must be between 1 and 10.")]
    [InlineData(
        "basket.order",
        """{"basket":{"items":[]},"note":"123456"}""",
        "note",
        "'note': The field note must be a string with a maximum length of 5.")]
    [InlineData("old.order", """{"basket":{"items":[{"quantity":0}]}}""", "basket", "'basket.items[0].quantity'")]
    [InlineData("basket.order", "[5]", "basket", "argument 'basket' is not a Basket")]
    [InlineData("basket.order", "[null]", "basket", "argument 'basket' is null")]
    [InlineData("basket.order", "{}", "basket", "argument 'basket' is missing; a Basket is expected.")]
    [InlineData(
        "basket.order",
        """{"basket":{"items":[]},"colour":1}""",
        null,
        "the handler has no parameter 'colour'; it takes 2 (basket, note).")]
    [InlineData(
        "basket.order",
        """[{"items":[]},"a","b"]""",
        null,
        "arguments given by position: 3; the handler takes 2 (basket, note).")]
    [InlineData("basket.empty", "[1]", null, "arguments given by position: 1; the handler takes none.")]
    public async Task EnqueueAsync_JsonForAJobKnownHere_IsCheckedLikeTypedArguments(
        string name, string json, string? parameter, string message)
    {
        await using var app = await TestApp.StartAsync(static lovage => lovage.AddJobs());

        var refused = await Assert.ThrowsAsync<BadArgumentsException>(async () =>
            await app.Jobs.EnqueueAsync(Job.Create(name, JobArguments.FromJson(JsonElement.Parse(json))), Cancel));

        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        Assert.Equal((name, parameter), (refused.Job, refused.Parameter));
        Assert.Empty(await app.Host.Jobs().EnqueuedAsync(Cancel));
    }

    [Fact]
    public async Task EnqueueAsync_ValuesForAJobKnownHere_AreChecked()
    {
        await using var app = await TestApp.StartAsync(static lovage => lovage.AddJobs());

        Assert.Equal(
            "basket",
            (await Assert.ThrowsAsync<BadArgumentsException>(async () =>
                await app.Jobs.EnqueueAsync(Job.Create("basket.order"), Cancel))).Parameter);
        Assert.Equal(
            "note",
            (await Assert.ThrowsAsync<BadArgumentsException>(async () =>
                await app.Jobs.EnqueueAsync(Job.Create("basket.order", new Basket([]), "123456"), Cancel))).Parameter);
        await app.Jobs.EnqueueAsync(Job.Create("basket.order", new Basket([new(1)]), "12345"), Cancel);
        await app.Jobs.EnqueueAsync(Job.Create("basket.empty"), Cancel);

        Assert.Equal(
            ["basket.order", "basket.empty"],
            (await app.Host.Jobs().EnqueuedAsync(Cancel)).Select(static job => job.Message.Name));
    }

    [Fact]
    public async Task EnqueueAsync_JobThatRunsElsewhere_IsNotChecked()
    {
        await using var app = await TestApp.StartAsync();
        await app.Jobs.EnqueueAsync(Job.Create("basket.order", "whatever", 5), Cancel);

        Assert.Single(await app.Host.Jobs().EnqueuedAsync(Cancel));
    }

    [Fact]
    public async Task EnqueueAsync_FilterPutsBadArgumentsIn_IsRefused()
    {
        await using var app = await TestApp.StartAsync(static lovage => lovage.AddJobs().AddFilter<Spoil>());

        await Assert.ThrowsAsync<BadArgumentsException>(
            async () => await app.Jobs.EnqueueAsync(BasketJobs.Order(new Basket([])), Cancel));

        Assert.Empty(await app.Host.Jobs().EnqueuedAsync(Cancel));
    }

    [Fact]
    public void Worker_ArgumentsBreakARule_FailsOnceAndNamesTheParameter()
    {
        using var world = new WorkerWorld(new Lovage.Execution.WorkerSettings(), [.. TestsJobs.Catalog.Jobs]);
        world.Start();
        var (bad, typo, good) = (
            world.Enqueue("basket.order", """{"items":[{"quantity":11}]}"""),
            world.Enqueue("basket.order", "7"),
            world.Enqueue("basket.order", """{"items":[{"quantity":10}]}"""));

        var record = world.UntilEnded(bad);
        Assert.Equal((JobState.Failed, 1), (record.State, record.Attempts));
        Assert.Contains(
            "argument 'basket.items[0].quantity': The field quantity must be between 1 and 10.",
            record.Reason,
            StringComparison.Ordinal);
        Assert.Equal(AttemptEnd.BadArguments, Assert.Single(world.Attempts(bad)).End);
        Assert.Equal((JobState.Failed, 1), (world.UntilEnded(typo).State, world.Find(typo).Attempts));
        Assert.Equal("10", Encoding.UTF8.GetString(world.UntilEnded(good).Result.Span));
    }

    [Fact]
    public async Task JobHarness_BadArguments_AreRefusedAtTheDoorAndOnceByTheRun()
    {
        await using var app = await TestApp.StartAsync(static lovage => lovage.AddJobs());
        var harness = app.Host.Jobs();

        await Assert.ThrowsAsync<BadArgumentsException>(
            async () => await harness.RunAsync(BasketJobs.Order(new Basket([new(0)]))));

        // What another producer, which does not know the rules, has put into the storage.
        var id = JobId.Parse("from-elsewhere");
        await app.Host.Services.GetRequiredService<StorageGate>().Storage.Broker.PublishAsync(
            [new JobMessage
            {
                Id = id,
                Name = "basket.order",
                Queue = "default",
                Body = """[[{"items":[{"quantity":0}]}],{},{}]"""u8.ToArray(),
            }],
            Cancel);
        Assert.Equal(1, await harness.DrainAsync(Cancel));

        var job = await app.Jobs.FindAsync(id, Cancel);
        Assert.Equal((JobState.Failed, 1), (job?.State, job?.Attempts));
        Assert.Contains("'basket.items[0].quantity'", job?.Error?.Message, StringComparison.Ordinal);
    }

    public sealed class Spoil : IJobFilter
    {
        public ValueTask OnEnqueueAsync(JobEnqueueContext context, Func<ValueTask> next)
        {
            context.Job = context.Job with { Arguments = JobArguments.Of([new Basket([new(0)])]) };
            return next();
        }
    }
}

public sealed record Basket(IReadOnlyList<Item> Items);

public sealed record Item([Range(1, 10)] int Quantity);

public sealed class BasketJobs
{
    [Job("basket.order", Aliases = ["old.order"])]
    public int Order(Basket basket, [StringLength(5)] string? note = null) =>
        basket.Items.Sum(static item => item.Quantity) + (note is null ? 0 : 1);

    [Job("basket.empty")]
    public void Empty()
    {
    }
}
