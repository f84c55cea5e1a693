using System.Collections.Immutable;

namespace Lovage;

/// <summary>
/// A description of one piece of work: a name, its arguments and its options; Celery's <em>signature</em>. The same
/// value can be enqueued, added after a response, spawned, scheduled or run inline in a test. Change an option with a
/// <c>with</c> expression.
/// </summary>
/// <remarks>
/// Immutable, safe for use by several threads. It can be used more than once, unless it carries an <see cref="Id"/>.
/// </remarks>
public record Job
{
    // Boxed once, so that a job without tags or sensitive arguments costs no object.
    private static readonly IReadOnlyList<string> NoTags = ImmutableArray<string>.Empty;

    private readonly string? _queue;
    private readonly int? _priority;
    private readonly TimeSpan? _delay;
    private readonly TimeSpan? _expires;
    private readonly int? _maxAttempts;
    private readonly IReadOnlyDictionary<string, string> _headers = ImmutableDictionary<string, string>.Empty;
    private readonly IReadOnlyList<string> _tags = NoTags;
    private readonly IReadOnlyList<string> _sensitive = NoTags;

    /// <summary>
    /// Describes a job. Generated factories and <see cref="Create(string, object?[])"/> are the usual way.
    /// </summary>
    /// <param name="name">The job's name on the wire: 1 to 255 characters.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <exception cref="ArgumentException">The name is not a valid one.</exception>
    public Job(string name, JobArguments arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        Name = JobNames.Name(name);
        Arguments = arguments;
    }

    /// <summary>The job's name on the wire, such as <c>process_data</c>.</summary>
    public string Name { get; }

    /// <summary>The arguments.</summary>
    public JobArguments Arguments { get; init; }

    /// <summary>
    /// The queue. Null (the default) takes the handler's queue where it is known, else the client's default queue.
    /// </summary>
    /// <exception cref="ArgumentException">Set to a text that is no queue name.</exception>
    public string? Queue
    {
        get => _queue;
        init => _queue = value is null ? null : JobNames.Queue(value);
    }

    /// <summary>
    /// 0 to 9, 0 runs first. Null (the default) is 0 unless the handler says otherwise. The meaning is that of Celery
    /// on Redis.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to a value outside 0 to 9.</exception>
    public int? Priority
    {
        get => _priority;
        init =>
            _priority = value is null or (>= 0 and <= 9)
                ? value
                : throw new ArgumentOutOfRangeException(nameof(value), value, "A priority is 0 (first) to 9 (last).");
    }

    /// <summary>
    /// How long to wait before the job may run, from the moment the storage takes it; Celery's countdown. Null (the
    /// default): no wait. 0 to 10 years.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to a negative time or one over 10 years.</exception>
    public TimeSpan? Delay
    {
        get => _delay;
        init => _delay = JobLimits.CheckDelay(value);
    }

    /// <summary>
    /// The instant before which the job must not run; Celery's eta. Null (the default): none. When <see cref="Delay"/>
    /// is set too, the later one holds.
    /// </summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>
    /// How long after enqueuing the job may start. The worker does not start it later: the job ends as expired. Null
    /// (the default): for ever.
    /// </summary>
    /// <remarks>
    /// The clock of the storage counts where it has one of its own (PostgreSQL), and this process's clock on the wire
    /// of Celery.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">Set to zero, a negative time or one over 10 years.</exception>
    public TimeSpan? Expires
    {
        get => _expires;
        init => _expires = value is { } t && t <= TimeSpan.Zero
            ? throw new ArgumentOutOfRangeException(
                nameof(value), value, "Expires counts from enqueuing and must be positive.")
            : JobLimits.CheckDelay(value);
    }

    /// <summary>
    /// How often the job is tried at the most, 1 to 1,000. Null (the default) takes the handler's number, 3 unless it
    /// says otherwise.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to a value outside 1 to 1,000.</exception>
    public int? MaxAttempts
    {
        get => _maxAttempts;
        init =>
            _maxAttempts = value is null or (>= 1 and <= JobLimits.AttemptsMax)
                ? value
                : throw new ArgumentOutOfRangeException(nameof(value), value, "Attempts are 1 to 1,000.");
    }

    /// <summary>
    /// Text that travels with the job and is not an argument (tenant, culture, trace): at most 64 headers of 8 KiB
    /// together. Empty by default.
    /// </summary>
    /// <exception cref="ArgumentException">Too many, too large, or with CR, LF or NUL in them.</exception>
    public IReadOnlyDictionary<string, string> Headers
    {
        get => _headers;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            JobNames.Headers(value);
            _headers = value.ToImmutableDictionary(StringComparer.Ordinal);
        }
    }

    /// <summary>
    /// Texts by which <see cref="JobQuery.Tag"/> finds the job, such as <c>order:42</c>: at most 8, each of 1 to 64
    /// characters. A tag that is given twice counts once, and the order stays. Empty by default.
    /// </summary>
    /// <remarks>
    /// A factory sets the tags of parameters with <see cref="TagAttribute"/>. A <c>with</c> expression replaces them:
    /// <c>job with { Tags = [.. job.Tags, "tenant:acme"] }</c> adds one.
    /// </remarks>
    /// <exception cref="ArgumentException">Too many, or one that is empty, too long, or has control characters in
    /// it.</exception>
    public IReadOnlyList<string> Tags
    {
        get => _tags;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            _tags = value.Count == 0 ? NoTags : JobNames.Tags(value);
        }
    }

    /// <summary>
    /// Names of arguments whose values are not shown: API, pages, logs and error texts have <c>[hidden]</c> in their
    /// place. <c>password</c> is an argument, <c>card.number</c> a member of one, <c>#2</c> the second by position,
    /// <c>password#2</c> either way, and <c>*</c> all of them. At most 64 names of 200 characters. Empty by default.
    /// </summary>
    /// <remarks>
    /// A factory sets those of parameters and members with <see cref="SensitiveAttribute"/>. A client that knows the
    /// job's definition adds the names of that. The stored body keeps the values, since the handler needs them.
    /// </remarks>
    /// <exception cref="ArgumentException">Too many, or one that names no argument.</exception>
    public IReadOnlyList<string> SensitiveParameters
    {
        get => _sensitive;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            _sensitive = value.Count == 0 ? NoTags : SensitiveName.Check(value);
        }
    }

    /// <summary>
    /// The caller's own id, which makes enqueuing idempotent. The same id with the same name and arguments is the same
    /// job; with others the job is refused. Null (the default): a new UUIDv7 each time.
    /// </summary>
    public JobId? Id
    {
        get;
        init => field = value is { } id ? JobNames.CheckId(id, nameof(Id)) : null;
    }

    /// <summary>Describes a job by name, as for a Python worker's task.</summary>
    /// <param name="name">The job's name on the wire.</param>
    /// <param name="arguments">Positional arguments; each must be a type whose JSON contract is known.</param>
    /// <exception cref="ArgumentException">The name is not a valid one.</exception>
    public static Job Create(string name, params object?[] arguments) => new(name, JobArguments.Of(arguments));

    /// <summary>Describes a job by name and arguments made before.</summary>
    /// <inheritdoc cref="Create(string, object?[])"/>
    public static Job Create(string name, JobArguments arguments) => new(name, arguments);

    /// <summary>Describes a job by name whose result is read as <typeparamref name="TResult"/>.</summary>
    /// <inheritdoc cref="Create(string, object?[])"/>
    public static Job<TResult> Create<TResult>(string name, params object?[] arguments) =>
        new(name, JobArguments.Of(arguments));

    /// <summary>
    /// Describes a job by name and arguments made before, whose result is read as <typeparamref name="TResult"/>.
    /// </summary>
    /// <inheritdoc cref="Create(string, object?[])"/>
    public static Job<TResult> Create<TResult>(string name, JobArguments arguments) => new(name, arguments);
}

/// <summary>A <see cref="Job"/> whose handler returns a <typeparamref name="TResult"/>.</summary>
/// <typeparam name="TResult">The type the result is read as.</typeparam>
/// <inheritdoc cref="Job"/>
public record Job<TResult> : Job
{
    /// <inheritdoc cref="Job(string, JobArguments)"/>
    public Job(string name, JobArguments arguments)
        : base(name, arguments)
    {
    }
}
