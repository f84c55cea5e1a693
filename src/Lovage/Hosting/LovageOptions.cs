namespace Lovage;

/// <summary>
/// Everything that can be set, as in the section <c>Lovage</c> of the app's configuration. Checked when the app starts,
/// then copied and no longer looked at.
/// </summary>
public sealed class LovageOptions
{
    /// <summary>
    /// Where jobs are kept, as an address: <c>sqlite:lovage.db</c>, <c>memory:</c>, <c>postgres://...</c>. Null (the
    /// default): the connection string named Lovage where there is one, else <c>sqlite:lovage.db</c>.
    /// </summary>
    public string? Storage { get; set; }

    /// <summary>
    /// The name under which the storage keeps the schedules that this app adds
    /// (<see cref="LovageBuilder.AddSchedule"/>), 1 to 128 characters. Null (the default): the name of the host's
    /// environment, which is the app's assembly.
    /// </summary>
    /// <remarks>
    /// Set it to the old name when you rename the app. Processes that share a name must add the same schedules: each
    /// start pauses what it does not define.
    /// </remarks>
    public string? App { get; set; }

    /// <summary>
    /// The version of the code that defines schedules, in this app and in the catalogs that it adds: numbers with dots,
    /// as <c>57</c> or <c>1.2.0-beta.3</c>, at most 128 characters. Null (the default): the version of the assembly
    /// that defines them.
    /// </summary>
    /// <remarks>
    /// A node leaves schedules alone that newer code has stored. Set it when the assemblies of two releases have the
    /// same version, and give each release a higher one.
    /// </remarks>
    public string? AppVersion { get; set; }

    /// <summary>
    /// The queue of a job for which neither caller nor handler names one: 1 to 64 characters of
    /// <c>[A-Za-z0-9._-]</c>; <c>default</c> by default.
    /// </summary>
    public string DefaultQueue { get; set; } = ClientRules.DefaultQueue;

    /// <summary>
    /// How long the thread pool may let a work item wait before the app counts as not ready (health check
    /// <c>Lovage.ThreadPool</c>) and the handlers that block are named in the log, 1 s to 1 h; 5 s by default.
    /// </summary>
    public TimeSpan StarvationLimit { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How workers work, unless one says otherwise for itself. The defaults are those of <see cref="WorkerOptions"/>.
    /// </summary>
    public WorkerOptions Worker { get; } = new();

    /// <summary>
    /// How tasks that live in this process are run. The defaults are those of <see cref="LocalOptions"/>.
    /// </summary>
    public LocalOptions Local { get; } = new();

    /// <summary>What is refused. The defaults are those of <see cref="LimitOptions"/>.</summary>
    public LimitOptions Limits { get; } = new();

    /// <summary>
    /// How bulk operations are carried out. The defaults are those of <see cref="OperationOptions"/>.
    /// </summary>
    public OperationOptions Operations { get; } = new();

    /// <summary>
    /// How long ended jobs and the history of schedules are kept. The defaults are those of
    /// <see cref="RetentionOptions"/>.
    /// </summary>
    public RetentionOptions Retention { get; } = new();

    /// <summary>How spans are made. The defaults are those of <see cref="TelemetryOptions"/>.</summary>
    public TelemetryOptions Telemetry { get; } = new();
}
