namespace Lovage;

/// <summary>
/// Marks a method as a job handler. The generator writes a typed factory for it (a static extension member of its
/// class), binds its arguments and registers it. Parameters are the payload, plus <see cref="JobContext"/> and
/// <see cref="CancellationToken"/>; services come by constructor. Data annotations on the payload and on what its types
/// hold are checked where the job is enqueued and again before it runs.
/// </summary>
/// <param name="name">The name on the wire. Null (the default): snake_case of <c>class.method</c> without
/// Async.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class JobAttribute(string? name = null) : Attribute
{
    /// <summary>The name on the wire; null for the default one.</summary>
    public string? Name { get; } = name;

    /// <summary>Former names under which messages may still be in flight. None by default.</summary>
    public string[] Aliases { get; set; } = [];

    /// <summary>
    /// The queue this job goes to when the caller names none. Null (the default): the client's default queue.
    /// </summary>
    public string? Queue { get; set; }

    /// <summary>0 (first, the default) to 9.</summary>
    public int Priority { get; set; }

    /// <summary>
    /// Tries at the most, first one included: 1 to 1,000, 0 (the default) for the worker's setting, which is 3.
    /// </summary>
    public int MaxAttempts { get; set; }

    /// <summary>
    /// How the factory writes the arguments; by position by default. By name, parameters may move in a deploy.
    /// </summary>
    public JobArgumentsForm Arguments { get; set; }

    /// <summary>On what the handler runs; <see cref="JobExecution.Async"/> by default.</summary>
    public JobExecution Execution { get; set; }

    /// <summary>
    /// Seconds after which the handler's token is cancelled with the reason
    /// <see cref="JobCancellationReason.TimeLimit"/>; Celery's soft time limit. 0 (the default): the worker's setting.
    /// </summary>
    public double SoftTimeLimitSeconds { get; set; }

    /// <summary>
    /// Seconds after which the attempt ends as timed out and its slot is given away, whether the handler returns or
    /// not; Celery's time limit. 0 (the default): the worker's setting.
    /// </summary>
    public double TimeLimitSeconds { get; set; }

    /// <summary>How the wait grows from one retry to the next; exponential by default.</summary>
    public Backoff Backoff { get; set; } = Backoff.Exponential;

    /// <summary>Seconds of the first (or, when fixed, each) wait before a retry. 0 (the default): 1 second.</summary>
    public double RetryDelaySeconds { get; set; }

    /// <summary>Seconds no wait exceeds. 0 (the default): 15 minutes.</summary>
    public double RetryDelayMaxSeconds { get; set; }

    /// <summary>
    /// Explicit waits in seconds, one a retry, the last one repeated; overrides <see cref="Backoff"/>. Empty by
    /// default.
    /// </summary>
    public double[] RetryDelaysSeconds { get; set; } = [];

    /// <summary>
    /// Only these exceptions (and those derived from them) are retried. Empty (the default): all are.
    /// </summary>
    public Type[] RetryOn { get; set; } = [];

    /// <summary>These exceptions (and those derived from them) are never retried. Empty by default.</summary>
    public Type[] NeverRetryOn { get; set; } = [];

    /// <summary>
    /// Filters that run for this job only, innermost; each must implement IJobFilter. Empty by default.
    /// </summary>
    public Type[] Filters { get; set; } = [];

    /// <summary>False to keep no result, as Celery's ignore_result. True by default.</summary>
    public bool KeepResult { get; set; } = true;
}
