using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;
using Lovage.Dashboard.Views;
using Microsoft.AspNetCore.Http;

namespace Lovage.Dashboard.Endpoints;

/// <summary>Commands for live workers.</summary>
internal static class WorkerChanges
{
    /// <summary>How long a person waits for a worker's answer.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    internal static IEnumerable<ApiRoute> Routes()
    {
        yield return One("quiet", ControlCommands.Quiet, "Takes no more jobs; what runs goes on.", static _ => null);
        yield return One("resume", ControlCommands.Resume, "Takes jobs again.", static _ => null);
        yield return One("ping", ControlCommands.Ping, "Answers.", static _ => null);
        yield return One(
            "pool",
            ControlCommands.Pool,
            "Runs this many attempts at the same time.",
            static body => body.Slots is >= 1 and <= 10_000 ? null : ("A pool has 1 to 10,000 slots.", "slots"));
        yield return One("add-queue", ControlCommands.AddQueue, "Serves this queue too.", Queue);
        yield return One("cancel-queue", ControlCommands.CancelQueue, "Serves this queue no more.", Queue);
    }

    private static (string, string)? Queue(ControlBody body) =>
        body.Queue is { } queue && JobNames.IsQueue(queue) ? null : ("Say which queue.", "queue");

    private static ApiRoute One(
        string verb, string command, string summary, Func<ControlBody, (string Detail, string Field)?> check) =>
        ApiRoute.Change(
            "POST",
            $"workers/{{owner}}/{verb}",
            ConsolePermissions.Administer,
            command,
            $"A worker: {summary}",
            (ApiJson.Default.ControlBody, ApiJson.Default.ControlDone, StatusCodes.Status200OK),
            async call =>
            {
                var body = await call.BodyAsync(ApiJson.Default.ControlBody);
                if (check(body) is { } fault)
                {
                    throw ApiCall.Bad(fault.Detail, fault.Field);
                }

                return await PlanAsync(call, command, body);
            });

    private static async ValueTask<PlannedChange> PlanAsync(ApiCall call, string command, ControlBody body)
    {
        var owner = call.Part("owner");
        var worker = (await call.Jobs.WorkersAsync(call.Aborted)).FirstOrDefault(one => one.Owner == owner)
            ?? throw new ApiException(
                StatusCodes.Status404NotFound, "There is no such worker.", "It may have ended, or restarted.");
        return new PlannedChange($"worker:{owner}", token => SendAsync(call, command, body, worker, token))
        {
            Before = $"{worker.Slots} slots, {string.Join(", ", worker.Queues)}",
            After = command switch
            {
                ControlCommands.Pool => $"{body.Slots} slots",
                ControlCommands.AddQueue or ControlCommands.CancelQueue => $"{command} {body.Queue}",
                _ => null,
            },
            Reason = body.Reason,
        };
    }

    private static async Task<ApiResult> SendAsync(
        ApiCall call, string command, ControlBody body, WorkerRecord worker, CancellationToken cancellationToken)
    {
        var start = call.Console.Time.GetTimestamp();
        var result = await call.Jobs.ControlAsync(
            new ControlCommand
            {
                Name = command,
                Target = worker.Owner,
                Slots = command == ControlCommands.Pool ? body.Slots : null,
                Queue = command is ControlCommands.AddQueue or ControlCommands.CancelQueue ? body.Queue : null,
                Deadline = Deadline,
            },
            cancellationToken);
        var elapsed = call.Console.Time.GetElapsedTime(start);
        return ApiResult.Json(
            result.Replies is [var reply, ..]
                ? new ControlDone(true, reply.Text, elapsed.TotalSeconds)
                : new ControlDone(
                    false,
                    $"The worker on {worker.Host} has not answered within {Durations.Of(Deadline)}. It may be stuck, "
                        + "or its process has ended.",
                    elapsed.TotalSeconds),
            ApiJson.Default.ControlDone);
    }
}
