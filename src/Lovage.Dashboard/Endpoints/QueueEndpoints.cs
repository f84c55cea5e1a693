using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;
using Lovage.Dashboard.Sampling;
using Lovage.Dashboard.Views;
using Microsoft.AspNetCore.Http;

namespace Lovage.Dashboard.Endpoints;

/// <summary>Queues.</summary>
internal static class QueueEndpoints
{
    internal static IEnumerable<ApiRoute> Routes()
    {
        yield return ApiRoute.Get(
            "queues",
            ConsolePermissions.View,
            "The queues, the one with the oldest waiting job first.",
            ApiJson.Default.QueuesBody,
            static async call => ApiResult.Json(
                new QueuesBody(QueueView.Rows(await ReadAsync(call), call.Console.Sampler.History)),
                ApiJson.Default.QueuesBody));
        yield return ApiRoute.Get(
            "queues/{queue}",
            ConsolePermissions.View,
            "All that is known of one queue.",
            ApiJson.Default.QueueDetail,
            static async call => QueueView.Detail(
                call.Part("queue"), await ReadAsync(call), call.Console.Sampler.History) is { } queue
                    ? ApiResult.Json(queue, ApiJson.Default.QueueDetail)
                    : ApiResult.NotFound("queue"));
        yield return Change(
            "pause",
            ConsolePermissions.Operate,
            "Stops giving out a queue's jobs.",
            ApiJson.Default.ReasonBody,
            PauseAsync);
        yield return Change(
            "resume",
            ConsolePermissions.Operate,
            "Gives out a paused queue's jobs again.",
            ApiJson.Default.ReasonBody,
            ResumeAsync);
        yield return Change(
            "purge",
            ConsolePermissions.Administer,
            "Cancels all jobs of a queue that no worker holds. The body repeats the queue's name.",
            ApiJson.Default.PurgeBody,
            PurgeAsync);
    }

    private static ApiRoute Change(
        string verb,
        ConsolePermissions permission,
        string summary,
        System.Text.Json.Serialization.Metadata.JsonTypeInfo body,
        Func<ApiCall, ValueTask<PlannedChange>> plan) => ApiRoute.Change(
            "POST",
            $"queues/{{queue}}/{verb}",
            permission,
            verb,
            summary,
            (body, ApiJson.Default.Done, StatusCodes.Status200OK),
            plan);

    private static async ValueTask<PlannedChange> PauseAsync(ApiCall call)
    {
        var body = await call.BodyAsync(ApiJson.Default.ReasonBody);
        var name = JobNames.Queue(call.Part("queue"));
        if (string.IsNullOrWhiteSpace(body.Reason))
        {
            throw ApiCall.Bad("Say why, for the next person who looks.", "reason");
        }

        var before = await FindAsync(call, name);
        return new PlannedChange($"queue:{name}", PlannedChange.Saying(async token =>
        {
            await call.Jobs.PauseAsync(name, body.Reason, token);
            await call.Console.Sampler.LookAsync(token);
            return $"{name} gives out no jobs. " + (before?.Claimed switch
            {
                null or 0 => "None of its jobs runs.",
                1 => "1 job that already runs goes on.",
                { } count => $"{count:N0} jobs that already run go on.",
            });
        }))
        {
            Before = State(before),
            After = $"paused: {body.Reason}",
            Reason = body.Reason,
        };
    }

    private static async ValueTask<PlannedChange> ResumeAsync(ApiCall call)
    {
        var body = await call.BodyAsync(ApiJson.Default.ReasonBody);
        var name = JobNames.Queue(call.Part("queue"));
        var before = await FindAsync(call, name);
        return new PlannedChange($"queue:{name}", PlannedChange.Saying(async token =>
        {
            await call.Jobs.ResumeAsync(name, token);
            await call.Console.Sampler.LookAsync(token);
            return $"{name} gives out its jobs again.";
        }))
        {
            Before = State(before),
            After = "running",
            Reason = body.Reason,
        };
    }

    private static async ValueTask<PlannedChange> PurgeAsync(ApiCall call)
    {
        var body = await call.BodyAsync(ApiJson.Default.PurgeBody);
        var name = call.Part("queue");
        if (body.Name != name)
        {
            throw ApiCall.Bad($"To purge the queue, repeat its name: '{JobNames.Shown(name)}'.", "name");
        }

        var before = await FindAsync(call, name) ?? throw new ApiException(
            StatusCodes.Status404NotFound, "There is no such queue.", "The storage knows no queue of this name.");
        return new PlannedChange($"queue:{name}", async token =>
        {
            var count = await call.Jobs.PurgeAsync(name, token);
            await call.Console.Sampler.LookAsync(token);
            return ApiResult.Json(
                new Done($"{Durations.Count(count, "job", "jobs")} of {name} {(count == 1 ? "is" : "are")} cancelled.")
                {
                    Count = count,
                },
                ApiJson.Default.Done);
        })
        {
            Before = $"{before.Ready:N0} ready, {before.Scheduled:N0} scheduled",
            After = "no waiting jobs",
            Reason = body.Reason,
        };
    }

    private static async Task<ConsoleReading> ReadAsync(ApiCall call)
    {
        var state = await call.Console.Sampler.ReadAsync(call.Aborted);
        return state is { Up: true, Reading: { } reading } ? reading
            : throw new StorageException(state.Error ?? "It has not answered yet.", isTransient: true);
    }

    private static async ValueTask<QueueStatus?> FindAsync(ApiCall call, string name) =>
        (await call.Jobs.QueuesAsync(call.Aborted)).FirstOrDefault(queue => queue.Queue == name);

    private static string State(QueueStatus? queue) =>
        queue is { Paused: true } ? $"paused: {queue.PauseReason}" : "running";
}
