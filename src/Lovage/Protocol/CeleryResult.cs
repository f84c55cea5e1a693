using System.Runtime.InteropServices;
using System.Text.Json;

namespace Lovage.Protocol;

/// <summary>
/// A result record: the JSON under <c>celery-task-meta-ID</c> on Redis, published on the channel of the same name, and
/// the body of an rpc reply (celery/backends/base.py, <c>_get_result_meta</c>; celery/backends/redis.py).
/// </summary>
/// <remarks>
/// Immutable, safe for use by several threads. The memory behind it must not be changed. Pure: no clock, no I/O.
/// </remarks>
public sealed record CeleryResult
{
    /// <summary>The default cap for a record: 4 MiB.</summary>
    public const int RecordBytesMax = 4 * 1024 * 1024;

    private const int ShortTextMax = 1024;
    private static readonly byte[] Null = "null"u8.ToArray();

    /// <summary>The job.</summary>
    public required JobId Id { get; init; }

    /// <summary>
    /// Celery's word (celery/states.py): SUCCESS, FAILURE, REVOKED, RETRY, STARTED, or any of a user's own, such as
    /// PROGRESS.
    /// </summary>
    public required string Status { get; init; }

    /// <summary>
    /// The result, or the exception object of <see cref="Error"/>, as one JSON value; <c>null</c> by default.
    /// </summary>
    public ReadOnlyMemory<byte> Result { get; init; } = Null;

    /// <summary>
    /// The exception when the status is FAILURE, REVOKED or RETRY and the result is an exception object; else null.
    /// When set it is written in place of <see cref="Result"/>.
    /// </summary>
    public CeleryError? Error { get; init; }

    /// <summary>The stack trace; null for none.</summary>
    public string? Traceback { get; init; }

    /// <summary>
    /// The jobs that this one sent, as Celery's result tuples <c>[[id, parent], members]</c> in one JSON value
    /// (celery/result.py, <c>as_tuple</c>); <c>[]</c> by default, <c>null</c> when not known.
    /// </summary>
    public ReadOnlyMemory<byte> Children { get; init; } = "[]"u8.ToArray();

    /// <summary>
    /// When the job ended; null while it has not. One without an offset, as Celery before 5.5 writes it, is UTC.
    /// </summary>
    public DateTimeOffset? DateDone { get; init; }

    /// <summary>The group; null for none.</summary>
    public string? GroupId { get; init; }

    /// <summary>The job that sent this one; null for none.</summary>
    public string? ParentId { get; init; }

    /// <summary>
    /// What is written with <c>result_extended</c>: <c>name</c>, <c>args</c>, <c>kwargs</c>, <c>worker</c>,
    /// <c>retries</c>, <c>queue</c>, stamps, and what this library does not know, to the letter, as one JSON object;
    /// empty for none.
    /// </summary>
    public ReadOnlyMemory<byte> Extended { get; init; }

    /// <summary>
    /// The status in Lovage's words. A user's own state is of a job that runs, as Celery's clients take it.
    /// </summary>
    public JobState State => Status switch
    {
        "SUCCESS" => JobState.Succeeded,
        "FAILURE" => JobState.Failed,
        "REVOKED" => Error is { Type: "TaskRevokedError", Message: "expired" } ? JobState.Expired : JobState.Cancelled,
        "RETRY" => JobState.Retrying,
        "PENDING" or "RECEIVED" => JobState.Queued,
        _ => JobState.Running,
    };

    /// <summary>Reads a record.</summary>
    /// <param name="record">UTF-8 JSON.</param>
    /// <param name="recordBytesMax">The cap in bytes; 4 MiB by default.</param>
    /// <exception cref="MalformedMessageException">It cannot be understood, whatever is wrong; no other exception
    /// leaves this method. As in Python, <c>status</c>, <c>result</c> and <c>task_id</c> must be there.</exception>
    public static CeleryResult Decode(ReadOnlyMemory<byte> record, int recordBytesMax = RecordBytesMax)
    {
        if (record.Length > recordBytesMax)
        {
            throw new MalformedMessageException(
                MalformedReason.Size,
                null,
                $"the result has {record.Length:N0} bytes; at most {recordBytesMax:N0} are read.");
        }

        using var document = WireJson.Parse(record, "$");
        var root = document.RootElement;
        WireJson.RequireObject(root, "$");
        var status = WireJson.Text(Required(root, "status"), "$.status", ShortTextMax);
        var id = WireJson.Id(Required(root, "task_id"), "$.task_id");
        var result = Required(root, "result");
        return new CeleryResult
        {
            Id = JobId.Trusted(id ?? throw new MalformedMessageException("$.task_id", "the id is missing.")),
            Status = string.IsNullOrEmpty(status)
                ? throw new MalformedMessageException("$.status", "the status is missing.")
                : status,
            Result = WireJson.Raw(result),
            Error = status is "FAILURE" or "REVOKED" or "RETRY" ? CeleryError.Read(result) : null,
            Traceback = root.TryGetProperty("traceback"u8, out var traceback)
                ? WireJson.Text(traceback, "$.traceback")
                : null,
            Children = root.TryGetProperty("children"u8, out var children)
                ? WireJson.Raw(RequireChildren(children))
                : Null,
            DateDone = root.TryGetProperty("date_done"u8, out var done) ? WireJson.Time(done, "$.date_done") : null,
            GroupId = root.TryGetProperty("group_id"u8, out var group) ? WireJson.Id(group, "$.group_id") : null,
            ParentId = root.TryGetProperty("parent_id"u8, out var parent) ? WireJson.Id(parent, "$.parent_id") : null,
            Extended = ReadExtended(root),
        };
    }

    /// <summary>Writes the record as Celery 5.6 does, the fields that are always there first.</summary>
    /// <exception cref="JsonException">The result, the children or the extended fields are no JSON.</exception>
    public byte[] Encode()
    {
        using var scratch = JsonScratch.Rent();
        var writer = scratch.Writer;
        writer.WriteStartObject();
        writer.WriteString("status"u8, Status);
        writer.WritePropertyName("result"u8);
        if (Error is { } error)
        {
            error.Write(writer);
        }
        else
        {
            writer.WriteRawValue(Result.IsEmpty ? Null : Result.Span);
        }

        writer.WriteString("traceback"u8, Traceback);
        writer.WritePropertyName("children"u8);
        writer.WriteRawValue(Children.IsEmpty ? Null : Children.Span);
        writer.WriteString("date_done"u8, DateDone is { } done ? WireTime.Format(done) : null);
        if (GroupId is not null)
        {
            writer.WriteString("group_id"u8, GroupId);
        }

        if (ParentId is not null)
        {
            writer.WriteString("parent_id"u8, ParentId);
        }

        WriteExtended(writer);
        writer.WriteString("task_id"u8, Id.Value);
        writer.WriteEndObject();
        writer.Flush();
        return scratch.ToArray();
    }

    private void WriteExtended(Utf8JsonWriter writer)
    {
        if (Extended.IsEmpty)
        {
            return;
        }

        using var extended = JsonDocument.Parse(Extended);
        foreach (var property in extended.RootElement.EnumerateObject())
        {
            if (!IsModelled(property))
            {
                writer.WritePropertyName(property.Name);
                writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(property.Value), skipInputValidation: true);
            }
        }
    }

    private static ReadOnlyMemory<byte> ReadExtended(JsonElement root)
    {
        using var scratch = JsonScratch.Rent();
        var writer = scratch.Writer;
        writer.WriteStartObject();
        var any = false;
        foreach (var property in root.EnumerateObject())
        {
            if (!IsModelled(property))
            {
                any = true;
                writer.WritePropertyName(property.Name);
                writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(property.Value), skipInputValidation: true);
            }
        }

        writer.WriteEndObject();
        writer.Flush();
        return any ? scratch.ToArray() : default;
    }

    private static bool IsModelled(JsonProperty property) =>
        property.NameEquals("status"u8)
        || property.NameEquals("result"u8)
        || property.NameEquals("traceback"u8)
        || property.NameEquals("children"u8)
        || property.NameEquals("date_done"u8)
        || property.NameEquals("group_id"u8)
        || property.NameEquals("parent_id"u8)
        || property.NameEquals("task_id"u8);

    private static JsonElement RequireChildren(JsonElement children) =>
        children.ValueKind is JsonValueKind.Array or JsonValueKind.Null
            ? children
            : throw WireJson.Wrong(children, "$.children", "an array or null");

    private static JsonElement Required(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value)
            ? value
            : throw new MalformedMessageException($"$.{name}", "the field is missing.");
}
