using Lovage.Dashboard.Api;

namespace Lovage.Dashboard.Views;

/// <summary>From the directory to workers.</summary>
internal static class WorkerView
{
    /// <summary>Names of jobs that a row lists.</summary>
    private const int NamesMax = 200;

    internal static WorkersBody Body(IReadOnlyList<WorkerRecord> workers) => new([.. workers.Select(Row)]);

    private static WorkerRow Row(WorkerRecord worker) => new()
    {
        Owner = worker.Owner,
        Host = worker.Host,
        ProcessId = worker.ProcessId,
        Version = worker.Version,
        StartedAt = worker.StartedAt,
        BeatAt = worker.BeatAt,
        Queues = worker.Queues,
        Slots = worker.Slots,
        Running = worker.Running,
        State = worker.IsQuiet ? "quiet" : "running",
        Known = worker.Names.Count,
        Names = [.. worker.Names.Take(NamesMax)],
    };
}
