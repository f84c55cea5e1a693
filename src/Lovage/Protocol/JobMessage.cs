using System.Collections.Immutable;

namespace Lovage.Protocol;

/// <summary>
/// One message: the fields of Celery protocol v2 (celery/app/amqp.py, <c>as_task_v2</c>), whatever carries them. Redis
/// and RabbitMQ carry it in Celery's own envelope, SQL storages keep the same fields in columns.
/// </summary>
/// <remarks>
/// Immutable, safe for use by several threads. The memory behind <see cref="Body"/> and <see cref="Extra"/> must not be
/// changed.
/// </remarks>
public sealed record JobMessage
{
    /// <summary>The job's id: the header <c>id</c> and the property <c>correlation_id</c>.</summary>
    public required JobId Id { get; init; }

    /// <summary>The job's name: the header <c>task</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The queue: <c>delivery_info.routing_key</c>.</summary>
    public required string Queue { get; init; }

    /// <summary>UTF-8 JSON: <c>[args, kwargs, embed]</c>.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>0 (first) to 9.</summary>
    public int Priority { get; init; }

    /// <summary>Failures so far: the header <c>retries</c>.</summary>
    public int Retries { get; init; }

    /// <summary>
    /// How long the storage waits before the job is ready, by its own clock; zero for none. Celery has no such field:
    /// it becomes <c>eta</c> there.
    /// </summary>
    public TimeSpan Delay { get; init; }

    /// <summary>
    /// The instant before which the job must not run, by its producer's clock: the header <c>eta</c>.
    /// </summary>
    public DateTimeOffset? Eta { get; init; }

    /// <summary>
    /// The instant from which the job is not worth starting, by its producer's clock: the header <c>expires</c>.
    /// </summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>
    /// The same as a span from the moment of publishing, for a storage that has a clock of its own; null when the
    /// expiry is an instant, or there is none. It is not on the wire, and no storage keeps it.
    /// </summary>
    public TimeSpan? ExpiresIn { get; init; }

    /// <summary>
    /// Attempts at the most; null leaves it to the handler. Ours: the header <c>lovage_max_attempts</c>.
    /// </summary>
    public int? MaxAttempts { get; init; }

    /// <summary>
    /// The number of the last parameter that the arguments reach, when that parameter is optional. The definition by
    /// which they were written has at least so many. 0 when only other parameters are written, and in messages of
    /// other producers. Ours: the header <c>lovage_parameters</c>.
    /// </summary>
    public int Parameters { get; init; }

    /// <summary>
    /// The first half of Celery's <c>timelimit</c> pair, which is [hard, soft]; null leaves it to the handler.
    /// </summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>The second half of Celery's <c>timelimit</c> pair; null leaves it to the handler.</summary>
    public TimeSpan? SoftTimeLimit { get; init; }

    /// <summary>The first job of the workflow this one belongs to: <c>root_id</c>; null when it is the root.</summary>
    public string? RootId { get; init; }

    /// <summary>The job that enqueued this one: <c>parent_id</c>.</summary>
    public string? ParentId { get; init; }

    /// <summary>The group: <c>group</c>.</summary>
    public string? GroupId { get; init; }

    /// <summary>The place in the group: <c>group_index</c>.</summary>
    public int? GroupIndex { get; init; }

    /// <summary>Who sent it, as <c>gen123@host</c>: <c>origin</c>.</summary>
    public string? Origin { get; init; }

    /// <summary>Where an rpc result backend wants the result: the property <c>reply_to</c>.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>True when no result is to be kept: the header <c>ignore_result</c>.</summary>
    public bool IgnoreResult { get; init; }

    /// <summary>Headers that are text and no field of the protocol: tenant, culture, <c>traceparent</c>.</summary>
    public ImmutableDictionary<string, string> Headers { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>
    /// Texts by which the job is found: at most 8, each of 1 to 64 characters, none twice. Ours: the header
    /// <c>lovage_tags</c>, a list.
    /// </summary>
    /// <exception cref="ArgumentException">Set to texts that are no tags, or to too many.</exception>
    public ImmutableArray<string> Tags
    {
        get;
        init => field = value.IsDefaultOrEmpty ? [] : JobNames.Tags(value);
    } = [];

    /// <summary>
    /// The arguments in <see cref="Body"/> that are not shown, as <see cref="Job.SensitiveParameters"/> names them.
    /// Ours: the header <c>lovage_sensitive</c>, a list.
    /// </summary>
    /// <exception cref="ArgumentException">Set to texts that name no argument, or to too many.</exception>
    public ImmutableArray<string> SensitiveParameters
    {
        get;
        init => field = value.IsDefaultOrEmpty ? [] : SensitiveName.Check(value);
    } = [];

    /// <summary>
    /// Header fields that this model does not know, as one UTF-8 JSON object, byte for byte: passing a message on loses
    /// nothing. Empty when there are none.
    /// </summary>
    public ReadOnlyMemory<byte> Extra { get; init; }

    /// <summary>
    /// True when the caller chose the id, so that the storage checks it: the same id with the same name and arguments
    /// is the same job.
    /// </summary>
    public bool HasChosenId { get; init; }
}
