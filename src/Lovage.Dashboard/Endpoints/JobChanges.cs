using System.Text.Json;
using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;
using Lovage.Dashboard.Search;
using Microsoft.AspNetCore.Http;

namespace Lovage.Dashboard.Endpoints;

/// <summary>Changing one job, and enqueuing one.</summary>
internal static class JobChanges
{
    internal static IEnumerable<ApiRoute> Routes()
    {
        yield return ApiRoute.Change(
            "POST",
            "jobs",
            ConsolePermissions.Operate,
            "enqueue",
            "Enqueues a job.",
            (ApiJson.Default.EnqueueBody, ApiJson.Default.Created, StatusCodes.Status201Created),
            EnqueueAsync);
        yield return One(
            "run-again",
            "run_again",
            "Puts an ended job back into its queue, under the same id, with a fresh set of attempts.",
            (call, id, _) => call.Jobs.RequeueAsync(id, CancellationToken.None),
            static _ => "The job is in its queue again. It has the same id and a fresh set of attempts.",
            "queued");
        yield return One(
            "run-now",
            "run_now",
            "Makes a delayed or retrying job ready now.",
            static async (call, id, _) => (await call.Jobs.RunNowAsync([id], CancellationToken.None))[0],
            static _ => "The job is ready now.",
            "queued");
        yield return One(
            "delete",
            "delete",
            "Deletes an ended job with its attempts.",
            static async (call, id, _) => (await call.Jobs.DeleteAsync([id], CancellationToken.None))[0],
            static _ => "The job and its attempts are deleted.",
            "deleted");
        yield return Change(
            "cancel", "cancel", "Cancels a job that has not ended.", ApiJson.Default.ReasonBody, CancelAsync);
        yield return Change(
            "move", "move", "Moves a waiting job to another queue or priority.", ApiJson.Default.MoveBody, MoveAsync);
        yield return Change(
            "edit",
            "edit",
            "Runs an ended job again with other arguments, under a new id that is linked with the old one.",
            ApiJson.Default.EditBody,
            EditAsync);
    }

    private static ApiRoute Change(
        string verb,
        string action,
        string summary,
        System.Text.Json.Serialization.Metadata.JsonTypeInfo body,
        Func<ApiCall, ValueTask<PlannedChange>> plan) => ApiRoute.Change(
            "POST",
            $"jobs/{{id}}/{verb}",
            ConsolePermissions.Operate,
            action,
            summary,
            (body, ApiJson.Default.JobDone, StatusCodes.Status200OK),
            plan);

    /// <summary>A change that takes nothing but a reason.</summary>
    private static ApiRoute One(
        string verb,
        string action,
        string summary,
        Func<ApiCall, JobId, ReasonBody, ValueTask<ChangeResult>> change,
        Func<JobRecord, string> sentence,
        string after) => Change(verb, action, summary, ApiJson.Default.ReasonBody, async call =>
        {
            var body = await call.BodyAsync(ApiJson.Default.ReasonBody);
            var job = await FindAsync(call);
            return new PlannedChange(
                Target(job.Id), async _ => Answer(verb, job, await change(call, job.Id, body), sentence(job)))
            {
                Before = StateWords.Of(job.State),
                After = after,
                Reason = body.Reason,
            };
        });

    private static async ValueTask<PlannedChange> CancelAsync(ApiCall call)
    {
        var body = await call.BodyAsync(ApiJson.Default.ReasonBody);
        var job = await FindAsync(call);
        return new PlannedChange(Target(job.Id), async _ =>
        {
            var result = await call.Jobs.CancelAsync(job.Id, body.Reason, CancellationToken.None);
            return result.Status switch
            {
                CancelStatus.Cancelled => Json(
                    new JobDone("cancelled", "cancelled", job.Id.Value, "The job is cancelled; it will not run.")),
                CancelStatus.Requested => Json(new JobDone(
                    "requested",
                    Word(result.State),
                    job.Id.Value,
                    "The job runs. Its handler was asked to stop; what it returns all the same counts.")),
                CancelStatus.AlreadyEnded => Conflict("cancel", result.State),
                _ => ApiResult.NotFound("job"),
            };
        })
        {
            Before = StateWords.Of(job.State),
            After = "cancelled",
            Reason = body.Reason,
        };
    }

    private static async ValueTask<PlannedChange> MoveAsync(ApiCall call)
    {
        var body = await call.BodyAsync(ApiJson.Default.MoveBody);
        var target = new JobMove(body.Queue, body.Priority).Checked();
        var job = await FindAsync(call);
        return new PlannedChange(Target(job.Id), async _ => Answer(
            "move",
            job,
            (await call.Jobs.MoveAsync([job.Id], target, CancellationToken.None))[0],
            $"The job waits in {target.Queue ?? job.Queue} with priority {target.Priority ?? job.Message.Priority}."))
        {
            Before = $"{job.Queue}, priority {job.Message.Priority}",
            After = $"{target.Queue ?? job.Queue}, priority {target.Priority ?? job.Message.Priority}",
            Reason = body.Reason,
        };
    }

    private static async ValueTask<PlannedChange> EditAsync(ApiCall call)
    {
        var body = await call.BodyAsync(ApiJson.Default.EditBody);
        if ((body.Arguments ?? body.Body) is not { } json)
        {
            throw ApiCall.Bad("The new arguments are missing.", "arguments");
        }

        if (!call.MayViewPayloads)
        {
            throw new ApiException(
                StatusCodes.Status403Forbidden,
                "You may not do that.",
                "To edit arguments needs the permission view_payloads: what you do not see you cannot keep.");
        }

        var job = await FindAsync(call);
        var known = await call.Console.Catalog.FindAsync(job.Name, call.Aborted);
        var kept = HiddenValues.Keep(json, job.Message, known, isWhole: body.Arguments is null);
        return new PlannedChange(Target(job.Id), async token =>
        {
            var edited = body.Arguments is null
                ? await call.Jobs.RunAgainWithAsync(
                    job.Id, JsonSerializer.SerializeToUtf8Bytes(kept, ApiJson.Default.JsonElement), token)
                : await call.Jobs.RunAgainWithAsync(job.Id, kept, token);
            return edited.Status switch
            {
                ChangeStatus.Changed => Json(new JobDone(
                    "changed",
                    "queued",
                    edited.Id.Value,
                    $"A new job with the changed arguments is in the queue {job.Queue}; the two are linked.")),
                ChangeStatus.NotPossible => Conflict("run-again", edited.State),
                _ => ApiResult.NotFound("job"),
            };
        })
        {
            Before = StateWords.Of(job.State),
            After = "a new job with other arguments",
            Reason = body.Reason,
        };
    }

    private static async ValueTask<PlannedChange> EnqueueAsync(ApiCall call)
    {
        var body = await call.BodyAsync(ApiJson.Default.EnqueueBody);
        if (body.Name is not { Length: > 0 } name)
        {
            throw ApiCall.Bad("The job's name is missing.", "name");
        }

        if (body.DelaySeconds is < 0 or > 315_360_000 or double.NaN)
        {
            throw ApiCall.Bad("A delay is 0 to 315,360,000 seconds.", "delay_seconds");
        }

        var known = await call.Console.Catalog.FindAsync(name, call.Aborted);
        var job = Job.Create(
            name, body.Arguments is { ValueKind: not JsonValueKind.Null } json
                ? JobArguments.FromJson(json)
                : JobArguments.None) with
        {
            Queue = body.Queue is { Length: > 0 } queue ? queue : known.Queue,
            Delay = body.DelaySeconds is { } delay && delay > 0 ? TimeSpan.FromSeconds(delay) : null,
            Priority = body.Priority,
            Tags = body.Tags ?? [],
            SensitiveParameters = known.Sensitive,
        };
        return new PlannedChange($"name:{name}", async token => ApiResult.Json(
            new Created((await call.Console.Client.EnqueueAsync(job, token)).Id.Value),
            ApiJson.Default.Created,
            StatusCodes.Status201Created))
        {
            After = job.Queue is null ? null : $"queue {job.Queue}",
            Reason = body.Reason,
        };
    }

    private static async ValueTask<JobRecord> FindAsync(ApiCall call) =>
        await call.Jobs.FindAsync(call.JobId(), call.Aborted) ?? throw new ApiException(
            StatusCodes.Status404NotFound, "There is no such job.", "The storage knows no job of this id.");

    private static ApiResult Answer(string verb, JobRecord job, ChangeResult result, string sentence) =>
        result.Status switch
        {
            ChangeStatus.Changed => Json(new JobDone("changed", Word(result.State), job.Id.Value, sentence)),
            ChangeStatus.NotPossible => Conflict(verb, result.State),
            _ => ApiResult.NotFound("job"),
        };

    private static ApiResult Conflict(string verb, JobState? state) => ApiResult.Problem(
        StatusCodes.Status409Conflict,
        "The job's state does not allow that.",
        $"The job is {Word(state)}. {Needed(verb)}");

    private static string Needed(string verb) => verb switch
    {
        "run-again" => "Only a job that has ended can run again; cancel it first.",
        "run-now" => "Only a job that waits for its time (scheduled or retrying) can run now.",
        "delete" => "Only a job that has ended can be deleted; cancel it first.",
        "move" => "Only a job that waits and that no worker holds can be moved.",
        _ => "It has ended already.",
    };

    private static string Target(JobId id) => $"job:{id}";

    private static string Word(JobState? state) => state is { } known ? StateWords.Of(known) : "unknown";

    private static ApiResult Json(JobDone done) => ApiResult.Json(done, ApiJson.Default.JobDone);
}
