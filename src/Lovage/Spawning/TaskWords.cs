namespace Lovage.Spawning;

/// <summary>The kinds of tasks as logs, metrics and errors name them.</summary>
internal static class TaskWords
{
    internal static string Of(TaskKind kind) => kind switch
    {
        TaskKind.AfterResponse => "after-response",
        TaskKind.Spawned => "spawned",
        _ => "dedicated",
    };

    /// <summary>The label of metrics.</summary>
    internal static KeyValuePair<string, object?> Tag(TaskKind kind) => new("lovage.task.kind", Of(kind));
}
