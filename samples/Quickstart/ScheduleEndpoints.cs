using System.ComponentModel;
using System.Text.Json;
using Lovage.Generated;
using Lovage.Storage;
using Lovage;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Quickstart.Jobs;

namespace Quickstart;

/// <summary>Schedules while the app runs, and the report that one of them makes each night.</summary>
internal static class ScheduleEndpoints
{
    public static void MapSchedules(this IEndpointRouteBuilder app)
    {
        app.MapPost("/report/", ReportAsync)
            .WithName("Report")
            .WithSummary("Enqueues the report of a day, yesterday's by default; it is written into reports/.")
            .ProducesProblem(StatusCodes.Status400BadRequest);
        var schedules = app.MapGroup("/schedules")
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        schedules.MapGet("", ListAsync)
            .WithName("ListSchedules")
            .WithSummary("All schedules, in words, with their next ticks.");
        schedules.MapPost("", AddAsync)
            .WithName("AddSchedule")
            .WithSummary("Adds a schedule of any registered job.")
            .ProducesProblem(StatusCodes.Status409Conflict);
        schedules.MapPut("/{id}", SetAsync)
            .WithName("SetSchedule")
            .WithSummary("Adds a schedule or changes the one of this id.");
        var one = schedules.MapGroup("/{id}").ProducesProblem(StatusCodes.Status404NotFound);
        one.MapDelete("", RemoveAsync).WithName("RemoveSchedule").WithSummary("Removes a schedule and its history.");
        one.MapGet("/history", HistoryAsync)
            .WithName("ScheduleHistory")
            .WithSummary("The history of its newest 100 ticks, newest first.");
        one.MapPost("/run", RunAsync).WithName("RunSchedule").WithSummary("Enqueues its job now.");
        one.MapPost("/pause", PauseAsync)
            .WithName("PauseSchedule")
            .WithSummary("Pauses it; no tick of the pause fires later.");
        one.MapPost("/resume", ResumeAsync).WithName("ResumeSchedule").WithSummary("Lets it fire again.");
    }

    private static async Task<Results<Accepted<TaskAccepted>, ProblemHttpResult>> ReportAsync(
        [FromQuery(Name = "day"), Description("As 2026-11-22; yesterday by default.")] DateOnly? day,
        JobClient jobs,
        CancellationToken cancellationToken) =>
        day is { } asked && !ReportDays.Has(asked)
            ? BadRequests.Problem($"'day' is {ReportDays.Words}.")
            : TaskAccepted.Of(await jobs.EnqueueAsync(ReportJobs.DailyReport(day?.ToString("O")), cancellationToken));

    private static async Task<Ok<List<ScheduleView>>> ListAsync(
        ScheduleClient schedules, CancellationToken cancellationToken)
    {
        var views = new List<ScheduleView>();
        foreach (var schedule in await schedules.ListAsync(
            limit: ScheduleStore.BatchMax, cancellationToken: cancellationToken))
        {
            views.Add(ScheduleView.Of(schedule));
        }

        return TypedResults.Ok(views);
    }

    private static async Task<Results<Created<ScheduleView>, ProblemHttpResult>> AddAsync(
        NewSchedule body, ScheduleClient schedules, JobRegistry registry, CancellationToken cancellationToken)
    {
        if (Problem(body.Id, body, registry) is { } problem)
        {
            return problem;
        }

        if (await schedules.FindAsync(body.Id!, cancellationToken) is not null)
        {
            return BadRequests.Problem(
                $"There is a schedule '{body.Id}' already; change it with PUT.", StatusCodes.Status409Conflict);
        }

        var schedule = await schedules.AddAsync(
            body.Id!, body.ReadTrigger(), body.ReadJob(), cancellationToken: cancellationToken);
        return TypedResults.Created($"/schedules/{schedule.Id}", ScheduleView.Of(schedule));
    }

    private static async Task<Results<Ok<ScheduleView>, ProblemHttpResult>> SetAsync(
        string id,
        NewSchedule body,
        ScheduleClient schedules,
        JobRegistry registry,
        CancellationToken cancellationToken) =>
        Problem(id, body, registry) is { } problem
            ? problem
            : TypedResults.Ok(ScheduleView.Of(await schedules.SetAsync(
                id, body.ReadTrigger(), body.ReadJob(), cancellationToken: cancellationToken)));

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        string id, ScheduleClient schedules, CancellationToken cancellationToken) =>
        ScheduleDefinition.IsId(id) && await schedules.RemoveAsync(id, cancellationToken)
            ? TypedResults.NoContent()
            : Unknown(id);

    private static async Task<Results<Ok<List<TickView>>, ProblemHttpResult>> HistoryAsync(
        string id, ScheduleClient schedules, CancellationToken cancellationToken) =>
        await KnowsAsync(id, schedules, cancellationToken)
            ? TypedResults.Ok((await schedules.GetHistoryAsync(id, cancellationToken: cancellationToken))
                .Select(TickView.Of)
                .ToList())
            : Unknown(id);

    private static async Task<Results<Accepted<TaskAccepted>, ProblemHttpResult>> RunAsync(
        string id, ScheduleClient schedules, CancellationToken cancellationToken) =>
        await KnowsAsync(id, schedules, cancellationToken)
            ? TaskAccepted.Of(await schedules.RunNowAsync(id, cancellationToken))
            : Unknown(id);

    private static async Task<Results<Ok<ScheduleView>, ProblemHttpResult>> PauseAsync(
        string id,
        [FromQuery(Name = "reason"), Description("Why, for the next person who reads the schedule.")] string? reason,
        ScheduleClient schedules,
        CancellationToken cancellationToken) =>
        await KnowsAsync(id, schedules, cancellationToken)
            ? TypedResults.Ok(ScheduleView.Of(await schedules.PauseAsync(
                id, string.IsNullOrWhiteSpace(reason) ? "Paused over HTTP." : reason, cancellationToken)))
            : Unknown(id);

    private static async Task<Results<Ok<ScheduleView>, ProblemHttpResult>> ResumeAsync(
        string id, ScheduleClient schedules, CancellationToken cancellationToken) =>
        await KnowsAsync(id, schedules, cancellationToken)
            ? TypedResults.Ok(ScheduleView.Of(await schedules.ResumeAsync(id, cancellationToken)))
            : Unknown(id);

    private static async Task<bool> KnowsAsync(
        string id, ScheduleClient schedules, CancellationToken cancellationToken) =>
        ScheduleDefinition.IsId(id) && await schedules.FindAsync(id, cancellationToken) is not null;

    private static ProblemHttpResult Unknown(string id) =>
        BadRequests.Problem($"There is no schedule '{id}'; GET /schedules lists them.", StatusCodes.Status404NotFound);

    private static ProblemHttpResult? Problem(string? id, NewSchedule body, JobRegistry registry)
    {
        if (id is null || !ScheduleDefinition.IsId(id))
        {
            return BadRequests.Problem("The id of a schedule is 1 to 128 characters of A-Z a-z 0-9 . _ : -.");
        }

        if (body.Job is null || !registry.TryFind(body.Job, out _))
        {
            return BadRequests.Problem(
                $"'job' is one of: {string.Join(", ", registry.Jobs.Select(static job => job.Name))}.");
        }

        try
        {
            _ = body.ReadTrigger();
            _ = body.ReadJob();
            return null;
        }
        catch (Exception refused) when (refused is TriggerException or ArgumentException or InvalidOperationException)
        {
            return BadRequests.Problem(refused.Message.Split(" (Parameter", 2)[0]);
        }
    }
}

internal sealed record NewSchedule
{
    [Description("1 to 128 characters of A-Z a-z 0-9 . _ : -; with PUT the address has it.")]
    public string? Id { get; init; }

    [Description(
        """When: {"cron":"0 0 * * *","zone":"Asia/Shanghai"}, {"every":"00:05:00"}, {"at":"2027-01-01T00:00:00Z"}; """
            + """or a cron expression as text, in UTC.""")]
    public JsonElement Trigger { get; init; }

    [Description("The name of a registered job.")]
    public string? Job { get; init; }

    [Description("Its arguments: an array (by position), an object (by name), or nothing.")]
    public JsonElement? Arguments { get; init; }

    /// <exception cref="TriggerException">The JSON is no trigger.</exception>
    /// <exception cref="InvalidOperationException">Its text holds half a character.</exception>
    public Trigger ReadTrigger() =>
        Trigger.ValueKind == JsonValueKind.String ? Cron.Parse(Trigger.GetString()!) : Lovage.Trigger.FromJson(Trigger);

    /// <exception cref="ArgumentException">The arguments are neither an array nor an object.</exception>
    public Job ReadJob() =>
        Lovage.Job.Create(Job!, Arguments is { ValueKind: not JsonValueKind.Null } given
            ? JobArguments.FromJson(given)
            : JobArguments.None);
}

internal sealed record ScheduleView
{
    public required string Id { get; init; }

    [Description("When, in words.")]
    public required string Description { get; init; }

    public required JsonElement Trigger { get; init; }

    public required string Job { get; init; }

    [Description("Active, Paused, Broken or Ended.")]
    public required string State { get; init; }

    public required string? Reason { get; init; }

    public required DateTimeOffset? NextTick { get; init; }

    public required DateTimeOffset? LastTick { get; init; }

    public required long Fired { get; init; }

    public required long Missed { get; init; }

    public required long Skipped { get; init; }

    [Description("True for one that this app's code defines.")]
    public required bool FromCode { get; init; }

    public static ScheduleView Of(Schedule schedule) => new()
    {
        Id = schedule.Id,
        Description = schedule.Description,
        Trigger = JsonElement.Parse(schedule.TriggerJson),
        Job = schedule.JobName,
        State = schedule.State.ToString(),
        Reason = schedule.Reason,
        NextTick = schedule.NextTick,
        LastTick = schedule.LastTick,
        Fired = schedule.Fired,
        Missed = schedule.Missed,
        Skipped = schedule.Skipped,
        FromCode = schedule.App is not null,
    };
}

internal sealed record TickView
{
    public required DateTimeOffset Tick { get; init; }

    [Description("The last tick of a row that was missed or skipped together.")]
    public required DateTimeOffset Through { get; init; }

    public required long Count { get; init; }

    [Description("Fired, Queued, Skipped, Missed or Manual.")]
    public required string Status { get; init; }

    [Description("The job that it enqueued: ask for it at /task/{task_id}.")]
    public required string? TaskId { get; init; }

    public required DateTimeOffset RecordedAt { get; init; }

    public static TickView Of(TickRecord tick) => new()
    {
        Tick = tick.Tick,
        Through = tick.Through,
        Count = tick.Count,
        Status = tick.Status.ToString(),
        TaskId = tick.JobId?.Value,
        RecordedAt = tick.RecordedAt,
    };
}
