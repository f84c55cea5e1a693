using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;
using Microsoft.AspNetCore.Http;

namespace Lovage.Dashboard.Endpoints;

/// <summary>Changing schedules.</summary>
internal static class ScheduleChanges
{
    internal static IEnumerable<ApiRoute> Routes()
    {
        yield return One(
            "run",
            ConsolePermissions.Operate,
            "run_schedule",
            "Enqueues a schedule's job now; its ticks do not change.",
            ApiJson.Default.ReasonBody,
            RunAsync);
        yield return One(
            "pause",
            ConsolePermissions.Operate,
            "pause_schedule",
            "Pauses a schedule: no tick of the pause fires later.",
            ApiJson.Default.ReasonBody,
            PauseAsync);
        yield return One(
            "resume",
            ConsolePermissions.Operate,
            "resume_schedule",
            "Lets a paused or broken schedule fire again.",
            ApiJson.Default.ReasonBody,
            ResumeAsync);
        yield return One(
            "override",
            ConsolePermissions.Administer,
            "override_schedule",
            "Gives a schedule another trigger, whatever the code says.",
            ApiJson.Default.TriggerBody,
            OverrideAsync);
        yield return One(
            "back-to-code",
            ConsolePermissions.Administer,
            "restore_schedule",
            "Takes back what people have changed of a schedule that code defines.",
            ApiJson.Default.ReasonBody,
            RestoreAsync);
        yield return ApiRoute.Change(
            "POST",
            "schedules",
            ConsolePermissions.Administer,
            "add_schedule",
            "Adds a schedule.",
            (ApiJson.Default.NewScheduleBody, ApiJson.Default.Created, StatusCodes.Status201Created),
            AddAsync);
        yield return ApiRoute.Change(
            "DELETE",
            "schedules/{id}",
            ConsolePermissions.Administer,
            "delete_schedule",
            "Deletes a schedule that was added at run time.",
            (ApiJson.Default.ReasonBody, ApiJson.Default.ScheduleDone, StatusCodes.Status200OK),
            DeleteAsync);
    }

    private static ApiRoute One(
        string verb,
        ConsolePermissions permission,
        string action,
        string summary,
        JsonTypeInfo body,
        Func<ApiCall, ValueTask<PlannedChange>> plan) => ApiRoute.Change(
            "POST",
            $"schedules/{{id}}/{verb}",
            permission,
            action,
            summary,
            (body, ApiJson.Default.ScheduleDone, StatusCodes.Status200OK),
            plan);

    private static async ValueTask<PlannedChange> RunAsync(ApiCall call)
    {
        var body = await call.BodyAsync(ApiJson.Default.ReasonBody);
        var schedule = await FindAsync(call);
        return Plan(schedule, body.Reason, $"a job of {schedule.JobName} in {schedule.Queue}", async token =>
        {
            var job = await call.Console.Schedules.RunNowAsync(schedule.Id, token);
            return new ScheduleDone(
                $"A job of {schedule.Id} is in the queue {schedule.Queue}. Its ticks do not change.")
            {
                Job = job.Id.Value,
            };
        });
    }

    private static async ValueTask<PlannedChange> PauseAsync(ApiCall call)
    {
        var body = await call.BodyAsync(ApiJson.Default.ReasonBody);
        if (string.IsNullOrWhiteSpace(body.Reason))
        {
            throw ApiCall.Bad("Say why, for the next person who looks.", "reason");
        }

        var schedule = await FindAsync(call);
        return Plan(schedule, body.Reason, $"paused: {body.Reason}", async token =>
        {
            await call.Console.Schedules.PauseAsync(schedule.Id, body.Reason, token);
            return new ScheduleDone(
                $"{schedule.Id} is paused. No tick of the pause fires later; jobs that it has enqueued run on.");
        });
    }

    private static async ValueTask<PlannedChange> ResumeAsync(ApiCall call)
    {
        var body = await call.BodyAsync(ApiJson.Default.ReasonBody);
        var schedule = await FindAsync(call);
        return Plan(schedule, body.Reason, "active", async token =>
        {
            var resumed = await call.Console.Schedules.ResumeAsync(schedule.Id, token);
            return new ScheduleDone($"{schedule.Id} fires again. Its next tick is {Tick(resumed.NextTick)}.");
        });
    }

    private static async ValueTask<PlannedChange> OverrideAsync(ApiCall call)
    {
        var body = await call.BodyAsync(ApiJson.Default.TriggerBody);
        var trigger = TriggerInput.Read(body);
        var schedule = await FindAsync(call);
        return Plan(schedule, body.Reason, trigger.Describe(), async token =>
        {
            var changed = await call.Console.Schedules.SetTriggerAsync(schedule.Id, trigger, token);
            return new ScheduleDone(
                $"{schedule.Id} now fires so: {changed.Description}. Its next tick is {Tick(changed.NextTick)}."
                    + (changed.IsEdited ? " The code says otherwise; 'Back to code' takes this back." : ""));
        });
    }

    private static async ValueTask<PlannedChange> RestoreAsync(ApiCall call)
    {
        var body = await call.BodyAsync(ApiJson.Default.ReasonBody);
        var schedule = await FindAsync(call);
        return Plan(schedule, body.Reason, "as the code says", async token =>
        {
            var restored = await call.Console.Schedules.RestoreAsync(schedule.Id, token);
            return new ScheduleDone(restored.IsEdited
                ? $"{schedule.Id} goes back to its code when the app '{restored.App}' starts the next time. This "
                    + "process does not have that code."
                : $"{schedule.Id} is as the code says: {restored.Description}.");
        });
    }

    private static async ValueTask<PlannedChange> DeleteAsync(ApiCall call)
    {
        var body = await call.BodyAsync(ApiJson.Default.ReasonBody);
        var schedule = await FindAsync(call);
        if (schedule.App is { } app)
        {
            throw new ApiException(
                StatusCodes.Status409Conflict,
                "The schedule is defined by code.",
                $"'{app}' would add it again when it starts. Pause it instead.");
        }

        return Plan(schedule, body.Reason, "deleted", async token =>
        {
            await call.Console.Schedules.RemoveAsync(schedule.Id, token);
            return new ScheduleDone($"{schedule.Id} and its history are deleted. Jobs that it has enqueued stay.");
        });
    }

    private static async ValueTask<PlannedChange> AddAsync(ApiCall call)
    {
        var body = await call.BodyAsync(ApiJson.Default.NewScheduleBody);
        if (body is not { Id: { Length: > 0 } id, Name: { Length: > 0 } name })
        {
            throw ApiCall.Bad("A schedule needs an id and a job's name.", body.Id is null ? "id" : "name");
        }

        var trigger = TriggerInput.Read(body.Cron, body.EverySeconds, body.TimeZone);
        var known = await call.Console.Catalog.FindAsync(name, call.Aborted);
        var arguments = body.Arguments is { ValueKind: not JsonValueKind.Null } json
            ? JobArguments.FromJson(json)
            : JobArguments.None;
        var job = Job.Create(name, arguments) with
        {
            Queue = body.Queue is { Length: > 0 } queue ? queue : known.Queue,
            SensitiveParameters = known.Sensitive,
        };
        return new PlannedChange($"schedule:{id}", async token => ApiResult.Json(
            new Created((await call.Console.Schedules.AddAsync(id, trigger, job, null, token)).Id),
            ApiJson.Default.Created,
            StatusCodes.Status201Created))
        {
            After = $"{name}: {trigger.Describe()}",
            Reason = body.Reason,
        };
    }

    private static async ValueTask<Schedule> FindAsync(ApiCall call) =>
        await call.Console.Schedules.FindAsync(call.Part("id"), call.Aborted) ?? throw new ApiException(
            StatusCodes.Status404NotFound, "There is no such schedule.", "The storage knows no schedule of this id.");

    private static PlannedChange Plan(
        Schedule schedule, string? reason, string after, Func<CancellationToken, Task<ScheduleDone>> effect) => new(
            $"schedule:{schedule.Id}",
            async token => ApiResult.Json(await effect(token), ApiJson.Default.ScheduleDone))
        {
            Before = schedule.State == ScheduleState.Active
                ? schedule.Description
                : $"{schedule.State}: {schedule.Description}",
            After = after,
            Reason = reason,
        };

    private static string Tick(DateTimeOffset? tick) =>
        tick?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", System.Globalization.CultureInfo.InvariantCulture)
            ?? "none";
}
