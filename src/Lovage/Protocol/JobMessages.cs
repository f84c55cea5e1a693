using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Lovage.Protocol;

/// <summary>A job whose arguments are checked and written: half way to its message.</summary>
/// <param name="Job">The job.</param>
/// <param name="Definition">What is known here of it; null for a job that runs elsewhere.</param>
/// <param name="Body">Its arguments, <c>[args, kwargs, embed]</c>.</param>
internal readonly record struct JobDraft(Job Job, JobDefinition? Definition, ReadOnlyMemory<byte> Body);

/// <summary>
/// Makes messages of jobs: what clients, schedules, tasks of this process and the test kit share. Nothing here is
/// stored or sent.
/// </summary>
/// <remarks>
/// Safe for use by several threads. A caller makes a draft first, before it awaits anything, so that the app may change
/// its objects once it has the task. Filters then see the job, and the message is made last.
/// </remarks>
internal sealed class JobMessages
{
    private readonly JobRegistry _jobs;
    private readonly JobSerializer _serializer;
    private readonly JobIdSource _ids;
    private readonly EnqueueFilters _filters;
    private readonly TimeProvider _time;
    private readonly string _defaultQueue;
    private readonly int _payloadBytesMax;
    private readonly string _origin = $"gen{Environment.ProcessId}@{Environment.MachineName}";

    /// <summary>Makes a factory.</summary>
    /// <param name="jobs">What is known here.</param>
    /// <param name="serializer">Knows the contracts.</param>
    /// <param name="ids">Makes ids.</param>
    /// <param name="filters">The filters around enqueuing.</param>
    /// <param name="time">The clock that expiries count from.</param>
    /// <param name="defaultQueue">The queue of a job for which neither caller nor handler names one.</param>
    /// <param name="payloadBytesMax">Bytes of one job's arguments at the most.</param>
    internal JobMessages(
        JobRegistry jobs, JobSerializer serializer, JobIdSource ids, EnqueueFilters filters, TimeProvider time,
        string defaultQueue, int payloadBytesMax)
    {
        _jobs = jobs;
        _serializer = serializer;
        _ids = ids;
        _filters = filters;
        _time = time;
        _defaultQueue = defaultQueue;
        _payloadBytesMax = payloadBytesMax;
    }

    /// <summary>A new id.</summary>
    internal JobId NextId() => _ids.Next();

    /// <summary>What runs a job in this process.</summary>
    /// <param name="name">The job's name.</param>
    /// <exception cref="UnknownJobException">No handler of that name is registered here.</exception>
    internal JobDefinition Require(string name) =>
        _jobs.TryFind(name, out var definition) ? definition : throw UnknownJobException.Here(name, _jobs);

    /// <summary>Checks and writes a job's arguments.</summary>
    /// <exception cref="PayloadTooLargeException">They are larger than the cap.</exception>
    /// <exception cref="BadArgumentsException">They break a data annotation, cannot be written, or do not fit the
    /// handler where it is known here.</exception>
    internal JobDraft Draft(Job job)
    {
        var definition = _jobs.TryFind(job.Name, out var known) ? known : null;
        return new JobDraft(job, definition, Encode(job, definition));
    }

    /// <summary>Checks and writes a job's arguments.</summary>
    /// <param name="job">The job.</param>
    /// <param name="definition">The handler that they must fit; null for none.</param>
    /// <inheritdoc cref="Draft(Job)"/>
    internal ReadOnlyMemory<byte> Encode(Job job, JobDefinition? definition)
    {
        var body = default(ReadOnlyMemory<byte>);
        try
        {
            job.Arguments.Validate(job.Name);
            body = JobBody.Encode(job.Name, job.Arguments, _serializer, _payloadBytesMax);

            // Generated arguments fit by their types, and no arguments fit a handler that takes none.
            if (job.Arguments.IsUntyped
                && definition is { BindArguments: { } bind }
                && !(ReferenceEquals(job.Arguments, JobArguments.None) && definition.Parameters.IsEmpty))
            {
                bind(job.Name, body, _serializer).Validate(job.Name);
            }
        }
        catch (BadArgumentsException refusal) when (Holds(job, definition, body, refusal, out var secrets))
        {
            throw refusal.Without(secrets);
        }

        return body;
    }

    /// <summary>Checks a job's arguments, which stay objects.</summary>
    /// <inheritdoc cref="Encode"/>
    internal void Validate(Job job, JobDefinition definition)
    {
        try
        {
            job.Arguments.Validate(job.Name);
        }
        catch (BadArgumentsException refusal) when (Holds(job, definition, default, refusal, out var secrets))
        {
            throw refusal.Without(secrets);
        }
    }

    /// <summary>The filters around enqueuing a job, outermost first.</summary>
    internal ImmutableArray<Type> Filters(JobDefinition? definition) => _filters.Of(definition);

    /// <summary>Runs filters around enqueuing a job.</summary>
    /// <param name="draft">The job.</param>
    /// <param name="filters">Its filters; at least one.</param>
    /// <param name="services">Builds the filters; null for a scope of their own.</param>
    /// <param name="send">What is done with the job as the filters leave it.</param>
    internal ValueTask FilterAsync(
        JobDraft draft, ImmutableArray<Type> filters, IServiceProvider? services, Func<JobDraft, ValueTask> send) =>
        _filters.RunAsync(draft.Job, filters, services, job => send(Again(job, draft)));

    /// <summary>Runs filters around a job that runs in this process; its arguments stay objects.</summary>
    /// <param name="job">The job.</param>
    /// <param name="filters">Its filters; at least one.</param>
    /// <param name="services">Builds the filters; null for a scope of their own.</param>
    /// <returns>The job as the filters leave it.</returns>
    internal async ValueTask<Job> FilterLocalAsync(
        Job job, ImmutableArray<Type> filters, IServiceProvider? services)
    {
        await _filters.RunAsync(job, filters, services, filtered =>
        {
            job = filtered;
            return default;
        });
        return job;
    }

    /// <summary>The message of a job, which filters have seen where there are any.</summary>
    /// <param name="draft">The job.</param>
    /// <param name="isBatch">True for a job of a collection.</param>
    internal JobMessage Make(JobDraft draft, bool isBatch = false)
    {
        var (job, definition, body) = draft;
        var parent = JobContext.Current;
        return new JobMessage
        {
            Id = job.Id ?? _ids.Next(),
            Name = job.Name,
            Queue = QueueOf(job, definition),
            Body = body,
            Priority = job.Priority ?? definition?.Priority ?? 0,
            Delay = job.Delay ?? TimeSpan.Zero,
            Eta = job.At,
            Expires = job.Expires is { } expires ? _time.GetUtcNow() + expires : null,
            ExpiresIn = job.Expires,
            MaxAttempts = AttemptLimit.Of(job.MaxAttempts, definition, definition?.Retry),
            Parameters = Reach(job.Arguments, definition, body.Span),
            IgnoreResult = definition is { KeepResult: false },
            Headers = TraceContext.WithCaller(HeadersOf(job), isBatch),
            Tags = TagsOf(job),
            SensitiveParameters = SensitiveOf(job, definition),
            RootId = parent?.RootId,
            ParentId = parent?.Id.Value,
            Origin = _origin,
            HasChosenId = job.Id is not null,
        };
    }

    /// <summary>
    /// The message of a job that runs in this process without a storage: its arguments stay objects, and it has neither
    /// a due time nor an expiry.
    /// </summary>
    /// <param name="job">The job, which filters have seen.</param>
    /// <param name="definition">What runs it.</param>
    /// <param name="maxAttempts">Attempts at the most.</param>
    internal JobMessage MakeLocal(Job job, JobDefinition definition, int maxAttempts)
    {
        var parent = JobContext.Current;
        return new JobMessage
        {
            Id = job.Id ?? _ids.Next(),
            Name = definition.Name,
            Queue = QueueOf(job, definition),
            Body = default,
            MaxAttempts = maxAttempts,
            Headers = HeadersOf(job),
            Tags = TagsOf(job),
            SensitiveParameters = SensitiveOf(job, definition),
            RootId = parent?.RootId,
            ParentId = parent?.Id.Value,
        };
    }

    /// <summary>The message of a job that is made from an old one with other arguments.</summary>
    /// <param name="old">The old job.</param>
    /// <param name="body">The new arguments, <c>[args, kwargs, embed]</c>.</param>
    /// <exception cref="PayloadTooLargeException">They are larger than the cap.</exception>
    /// <exception cref="BadArgumentsException">They have another form, or do not fit the handler where it is known
    /// here.</exception>
    internal JobMessage Edited(JobMessage old, byte[] body)
    {
        if (body.Length > _payloadBytesMax + JobBody.EmptyEmbed.Length)
        {
            throw new PayloadTooLargeException(old.Name, _payloadBytesMax);
        }

        try
        {
            JobBody.Check(body);
        }
        catch (MalformedMessageException fault)
        {
            throw new BadArgumentsException(old.Name, null, fault.Message, fault);
        }

        var isKnown = _jobs.TryFind(old.Name, out var definition);
        if (isKnown && definition!.BindArguments is { } bind)
        {
            bind(old.Name, body, _serializer).Validate(old.Name);
        }

        var headers = TraceContext.Without(old.Headers)
            .RemoveRange([ScheduleHeaders.Schedule, ScheduleHeaders.Tick])
            .SetItem(EditHeaders.EditedFrom, old.Id.Value);
        return old with
        {
            Id = _ids.Next(),
            Body = body,
            Retries = 0,
            Delay = TimeSpan.Zero,
            Eta = null,
            Expires = old.Expires <= _time.GetUtcNow() ? null : old.Expires,
            ExpiresIn = null,
            Parameters = isKnown ? JobBody.Reach(body, definition!.Parameters) : old.Parameters,
            Headers = TraceContext.WithCaller(headers),
            RootId = null,
            ParentId = null,
            GroupId = null,
            GroupIndex = null,
            ReplyTo = null,
            Origin = _origin,
            HasChosenId = false,
        };
    }

    /// <summary>
    /// What filters made of a job. Arguments that are still the caller's own are not written a second time: they may
    /// have changed since.
    /// </summary>
    private JobDraft Again(Job job, JobDraft before) =>
        ReferenceEquals(job, before.Job) ? before
        : ReferenceEquals(job.Arguments, before.Job.Arguments) && job.Name == before.Job.Name
            ? before with { Job = job }
        : Draft(job);

    private static int Reach(JobArguments arguments, JobDefinition? definition, ReadOnlySpan<byte> body) =>
        !arguments.IsUntyped ? arguments.Reach
        : definition is null ? 0
        : JobBody.Reach(body, definition.Parameters);

    private string QueueOf(Job job, JobDefinition? definition) => job.Queue ?? definition?.Queue ?? _defaultQueue;

    private static ImmutableDictionary<string, string> HeadersOf(Job job) =>
        job.Headers as ImmutableDictionary<string, string>
            ?? job.Headers.ToImmutableDictionary(StringComparer.Ordinal);

    /// <summary>True when the text of a refusal holds a sensitive value of the arguments.</summary>
    private bool Holds(
        Job job, JobDefinition? definition, ReadOnlyMemory<byte> body, BadArgumentsException refusal,
        [NotNullWhen(true)] out SecretTexts? secrets)
    {
        secrets = JobSecrets.Of(
            body.IsEmpty ? job.Arguments : null, body, job.Name, SensitiveOf(job, definition), _serializer);
        return secrets?.Holds(refusal) == true;
    }

    private static ImmutableArray<string> SensitiveOf(Job job, JobDefinition? definition) => SensitiveName.Union(
        job.SensitiveParameters is ImmutableArray<string> names ? names : [.. job.SensitiveParameters],
        definition?.SensitiveParameters ?? []);

    private static ImmutableArray<string> TagsOf(Job job) =>
        job.Tags is ImmutableArray<string> tags ? tags : [.. job.Tags];
}
