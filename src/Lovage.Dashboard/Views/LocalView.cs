using Lovage.Dashboard.Api;
using Lovage.Dashboard.Sampling;
using Lovage.Execution;
using Lovage.Spawning;
using Lovage.Storage;

namespace Lovage.Dashboard.Views;

/// <summary>The tasks that live in this process.</summary>
internal static class LocalView
{
    /// <summary>Tasks that have not ended and are listed.</summary>
    private const int RunningMax = 200;

    internal static LocalBody Body(ConsoleServices console)
    {
        var (runner, history, settings) = (console.LocalRunner, console.LocalHistory, console.LocalSettings);
        var now = console.Time.GetUtcNow();
        var tasks = runner.List();
        return new LocalBody
        {
            Running =
            [
                .. tasks.Take(RunningMax).Select((task, index) => new LocalRunning(
                    $"{KindOf(task.Kind)}-{(now - task.Age).ToUnixTimeMilliseconds()}-{index}",
                    task.Name,
                    KindOf(task.Kind),
                    now - task.Age,
                    task.Age.TotalSeconds)),
            ],
            Recent =
            [
                .. history.List().Select(static ended => new LocalEnded(
                    ended.Name,
                    KindOf(ended.Kind),
                    ended.EndedAt - ended.Duration,
                    ended.Duration.TotalSeconds,
                    ended.Decision switch
                    {
                        JobDecision.Succeed => "succeeded",
                        JobDecision.Retry => "retrying",
                        JobDecision.Cancel => "cancelled",
                        _ => "failed",
                    },
                    ended.Error)),
            ],
            Waiting = tasks.Count(static task => !task.Started),
            Capacity = settings.AfterResponseMax + settings.SpawnedMax + settings.DedicatedMax,
            Refused = runner.Refused,
            Succeeded = history.Succeeded,
            Failed = history.Failed,
        };
    }

    /// <summary>A text that changes when a task begins, ends or is refused.</summary>
    internal static string Mark(ConsoleServices console) =>
        $"{console.LocalRunner.Count}/{console.LocalRunner.Refused}/{console.LocalHistory.Succeeded}/"
            + $"{console.LocalHistory.Failed}";

    private static string KindOf(TaskKind kind) => kind switch
    {
        TaskKind.AfterResponse => "after_response",
        TaskKind.Spawned => "spawned",
        _ => "dedicated",
    };
}
