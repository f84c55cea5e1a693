using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Lovage;
using Quickstart.Jobs;
using Quickstart.Jobs.Mailing;

namespace Quickstart;

/// <summary>
/// Work that the caller does not wait for and that may be lost with the process: after the response, and spawned.
/// </summary>
internal static class BackgroundEndpoints
{
    private static readonly SpawnOptions InThreeSeconds = new()
    {
        Delay = TimeSpan.FromSeconds(3),
        Retry = new RetryPolicy
        {
            MaxAttempts = 3,
            Delay = TimeSpan.FromSeconds(1),
            NeverRetryOn = [typeof(FormatException)],
        },
    };

    public static void MapBackgroundWork(this IEndpointRouteBuilder app)
    {
        var work = app.MapGroup("")
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        work.MapPost("/items/", CreateItem)
            .WithName("CreateItem")
            .WithSummary("Answers, then writes a line into logs.txt.");
        work.MapPost("/notify", Notify)
            .WithName("Notify")
            .WithSummary("Answers, then sends a mail: over SMTP where it is configured, else as a file in outbox/.");
        work.MapPost("/subscribe/", Subscribe)
            .WithName("Subscribe")
            .WithSummary("Answers at once and sends a mail three seconds later, tried three times.");
    }

    /// <summary>
    /// After the response, a delegate: its service comes from a scope of its own, never from the request's.
    /// </summary>
    private static ItemCreated CreateItem(
        [StringLength(200, MinimumLength = 1), PlainText] string name, BackgroundTasks background)
    {
        background.Add("items.log", (ItemLog log) => log.Append($"New item: {name}"));
        return new ItemCreated("Item created");
    }

    /// <summary>
    /// After the response, a job: the handler that a worker would run, here without a worker or a storage.
    /// </summary>
    private static WorkAccepted Notify([MailAddress] string email, BackgroundTasks background)
    {
        background.Add(MailJobs.Welcome(email));
        return new WorkAccepted("Notification queued");
    }

    /// <summary>
    /// Spawned: bound to no request, with a delay and retries in memory. A failure for good is logged, counted and told
    /// to OnTaskFailure.
    /// </summary>
    private static WorkAccepted Subscribe([MailAddress] string email, TaskSpawner spawner)
    {
        spawner.Spawn(
            "mail.subscribed",
            (IMailer mailer, CancellationToken cancellationToken) => mailer.SendAsync(
                Mail.Subscribed(email), cancellationToken),
            InThreeSeconds);
        return new WorkAccepted("Subscribed");
    }
}

internal sealed record ItemCreated(string Message);

internal sealed record WorkAccepted([property: Description("What is under way; it is not done yet.")] string Status);
