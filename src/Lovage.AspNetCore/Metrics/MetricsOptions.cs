namespace Lovage;

/// <summary>What a page of metrics has.</summary>
public sealed class MetricsOptions
{
    /// <summary>
    /// Which metrics the page has once more under the names of the Prometheus exporter for Celery, so that boards and
    /// alerts made for that exporter work; <see cref="CeleryNames.None"/> by default.
    /// </summary>
    public CeleryNames CeleryNames { get; set; } = CeleryNames.None;
}

/// <summary>Which metrics a page has under Celery's names too.</summary>
public enum CeleryNames
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>What this process has sent and run: <c>celery_task_*</c>.</summary>
    Tasks = 1,

    /// <summary>
    /// These and the workers and queues of the whole storage: <c>celery_worker_*</c>, <c>celery_queue_length</c>,
    /// <c>celery_active_*</c>. Let one process have them, since boards for Celery add up what pages tell.
    /// </summary>
    All = 2,
}
