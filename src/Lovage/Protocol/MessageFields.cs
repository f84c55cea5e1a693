using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Lovage.Protocol;

/// <summary>
/// Collects the fields of one message from its headers and, for protocol 1, from its body; headers win
/// (celery/worker/strategy.py, <c>hybrid_to_proto2</c>).
/// </summary>
internal sealed class MessageFields
{
    private const int ExtraCountMax = JobNames.HeaderCountMax;

    // Python cuts argsrepr and kwargsrepr at 1,024 characters each, which may be twelve bytes each when escaped.
    private const int ExtraBytesMax = 32 * 1024;
    private const int ShortTextMax = 512;

    private readonly bool _isFlatMap;
    private readonly string _path;
    private ImmutableDictionary<string, string>.Builder? _headers;
    private List<byte>? _extra;
    private int _extraCount;
    private int _headerBytes;
    private string? _traceParent;
    private string? _traceState;
    private bool _timeLimitTaken;

    private MessageFields(bool isFlatMap, string path)
    {
        _isFlatMap = isFlatMap;
        _path = path;
    }

    internal string? Name { get; private set; }

    internal string? Compression { get; private set; }

    private JobId? Id { get; set; }

    private DateTimeOffset? Eta { get; set; }

    private DateTimeOffset? Expires { get; set; }

    private string? Group { get; set; }

    private int? GroupIndex { get; set; }

    private int? Retries { get; set; }

    private TimeSpan? TimeLimit { get; set; }

    private TimeSpan? SoftTimeLimit { get; set; }

    private string? RootId { get; set; }

    private string? ParentId { get; set; }

    private string? Origin { get; set; }

    private bool? IgnoreResult { get; set; }

    private int? MaxAttempts { get; set; }

    private int? Parameters { get; set; }

    private ImmutableArray<string> Tags { get; set; } = [];

    private ImmutableArray<string> Sensitive { get; set; } = [];

    /// <summary>Reads the flat header map of protocol 2.</summary>
    internal static MessageFields OfHeaders(JsonElement headers, string path)
    {
        var fields = new MessageFields(isFlatMap: true, path);
        if (headers.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            return fields;
        }

        WireJson.RequireObject(headers, path);
        foreach (var property in headers.EnumerateObject())
        {
            fields.Take(property);
        }

        fields.EndTrace();
        return fields;
    }

    /// <summary>Takes what the headers did not say from a body of protocol 1 or of the hybrid form.</summary>
    internal void AddVersion1(JsonElement body)
    {
        var other = new MessageFields(isFlatMap: false, "$.body");
        foreach (var property in body.EnumerateObject())
        {
            other.Take(property);
        }

        // celery/worker/strategy.py, proto1_to_proto2: the key's presence decides.
        if (body.TryGetProperty("taskset"u8, out var taskset))
        {
            other.Group = WireJson.Id(taskset, "$.body.taskset");
        }

        Name ??= other.Name;
        Id ??= other.Id;
        Eta ??= other.Eta;
        Expires ??= other.Expires;
        Group ??= other.Group;
        GroupIndex ??= other.GroupIndex;
        Retries ??= other.Retries;
        if (!_timeLimitTaken)
        {
            TimeLimit = other.TimeLimit;
            SoftTimeLimit = other.SoftTimeLimit;
        }
    }

    internal JobMessage ToMessage(ReadOnlyMemory<byte> body, string queue, int priority, string? replyTo)
    {
        var id = Id ?? throw new MalformedMessageException($"{_path}.id", "the id is missing.");
        return new JobMessage
        {
            Id = id,
            Name = Name ?? throw new MalformedMessageException($"{_path}.task", "the task's name is missing."),
            Queue = queue,
            Body = body,
            Priority = priority,
            Retries = Retries ?? 0,
            Eta = Eta,
            Expires = Expires,
            MaxAttempts = MaxAttempts,
            Parameters = Parameters ?? 0,
            TimeLimit = TimeLimit,
            SoftTimeLimit = SoftTimeLimit,
            RootId = RootId == id.Value ? null : RootId,
            ParentId = ParentId,
            GroupId = Group,
            GroupIndex = GroupIndex,
            Origin = Origin,
            ReplyTo = replyTo,
            IgnoreResult = IgnoreResult ?? false,
            Tags = Tags,
            SensitiveParameters = Sensitive,
            Headers = _headers?.ToImmutable() ?? ImmutableDictionary<string, string>.Empty,
            Extra = EndExtra(),
        };
    }

    private void Take(JsonProperty property)
    {
        var rawName = JsonMarshal.GetRawUtf8PropertyName(property);
        var field = rawName.Contains((byte)'\\')
            ? HeaderFields.Find(Encoding.UTF8.GetBytes(property.Name))
            : HeaderFields.Find(rawName);
        var value = property.Value;
        switch (field)
        {
            case HeaderField.Task:
                Name = TakeName(value);
                break;
            case HeaderField.Id:
                Id = WireJson.Id(value, Path("id")) is { } id ? JobId.Trusted(id) : null;
                break;
            case HeaderField.Eta:
                Eta = WireJson.Time(value, Path("eta"));
                break;
            case HeaderField.Expires:
                Expires = WireJson.Time(value, Path("expires"));
                break;
            case HeaderField.Group:
                Group = WireJson.Id(value, Path("group"));
                break;
            case HeaderField.GroupIndex:
                GroupIndex = WireJson.Integer(value, Path("group_index"), 0, int.MaxValue);
                break;
            case HeaderField.Retries:
                Retries = WireJson.Integer(value, Path("retries"), 0, int.MaxValue - 1);
                break;
            case HeaderField.TimeLimit:
                TakeTimeLimit(value);
                break;
            case HeaderField.RootId:
                RootId = WireJson.Id(value, Path("root_id"));
                break;
            case HeaderField.ParentId:
                ParentId = WireJson.Id(value, Path("parent_id"));
                break;
            case HeaderField.Origin:
                Origin = WireJson.Text(value, Path("origin"), ShortTextMax);
                break;
            case HeaderField.IgnoreResult:
                IgnoreResult = value.ValueKind switch
                {
                    JsonValueKind.Null => null,
                    JsonValueKind.True => true,
                    JsonValueKind.False => false,
                    _ => throw WireJson.Wrong(value, Path("ignore_result"), "true, false or null"),
                };
                break;
            default:
                if (_isFlatMap)
                {
                    TakeOther(field, rawName, property);
                }

                break;
        }
    }

    private void TakeOther(HeaderField field, ReadOnlySpan<byte> rawName, JsonProperty property)
    {
        var value = property.Value;
        switch (field)
        {
            case HeaderField.Compression:
                Compression = WireJson.Text(value, Path("compression"), ShortTextMax);
                break;
            case HeaderField.MaxAttempts:
                MaxAttempts = WireJson.Integer(value, Path(HeaderFields.MaxAttempts), 1, JobLimits.AttemptsMax);
                break;
            case HeaderField.Parameters:
                Parameters = WireJson.Integer(value, Path(HeaderFields.Parameters), 0, int.MaxValue);
                break;
            case HeaderField.Tags:
                Tags = HeaderLists.Tags(value);
                break;
            case HeaderField.Sensitive:
                Sensitive = HeaderLists.Sensitive(value);
                break;
            case HeaderField.TraceParent:
                _traceParent = value.ValueKind == JsonValueKind.String
                    ? WireJson.Text(value, Path("traceparent"))
                    : null;
                break;
            case HeaderField.TraceState:
                _traceState = value.ValueKind == JsonValueKind.String ? WireJson.Text(value, Path("tracestate")) : null;
                break;
            case HeaderField.Kept when !SaysWhatIsWrittenAnyway(rawName, value):
                Keep(rawName, value);
                break;
            case HeaderField.Unknown when value.ValueKind == JsonValueKind.String:
                AddHeader(property.Name, WireJson.Text(value, _path)!);
                break;
            case HeaderField.Unknown:
                Keep(rawName, value);
                break;
            default:
                break;
        }
    }

    private string? TakeName(JsonElement value) => WireJson.Text(value, Path("task")) switch
    {
        null => null,
        var name when JobNames.IsName(name) => name,
        var name =>
            throw new MalformedMessageException(
                Path("task").ToString(),
                $"'{JobNames.Shown(name)}' is no task name: 1 to {JobNames.NameLengthMax} characters of A-Z a-z 0-9 . "
                    + "_ - : < > [ ] / are expected."),
    };

    private void TakeTimeLimit(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() != 2)
        {
            throw WireJson.Wrong(value, Path("timelimit"), "an array of two, [hard, soft], or null");
        }

        _timeLimitTaken = true;
        TimeLimit = Seconds(value[0], Path("timelimit[0]"));
        SoftTimeLimit = Seconds(value[1], Path("timelimit[1]"));
    }

    /// <summary>0 means that the message has no limit: Python reads 0 as false and takes the task's limit.</summary>
    private static TimeSpan? Seconds(JsonElement value, WirePath path)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number
            || !value.TryGetDouble(out var seconds)
            || !double.IsFinite(seconds)
            || seconds < 0)
        {
            throw WireJson.Wrong(value, path, "seconds from 0, or null");
        }

        return seconds == 0 ? null : TimeSpan.FromSeconds(Math.Min(seconds, JobLimits.DelayMax.TotalSeconds));
    }

    private static bool SaysWhatIsWrittenAnyway(ReadOnlySpan<byte> rawName, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.String => rawName.SequenceEqual("lang"u8) && value.ValueEquals(HeaderWriter.LanguageUtf8),
        JsonValueKind.Number =>
            rawName.SequenceEqual("replaced_task_nesting"u8) && value.TryGetInt32(out var number) && number == 0,
        JsonValueKind.Object => rawName.SequenceEqual("stamps"u8) && value.GetPropertyCount() == 0,
        _ => false,
    };

    private void AddHeader(string name, string value)
    {
        if (name.Length == 0
            || name.AsSpan().ContainsAny('\r', '\n', '\0')
            || value.AsSpan().ContainsAny('\r', '\n', '\0'))
        {
            throw new MalformedMessageException(
                MalformedReason.Headers,
                _path,
                $"header '{JobNames.Shown(name)}' has no name, or CR, LF or NUL in it.");
        }

        _headers ??= ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        _headers[name] = value;
        _headerBytes += Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(value);
        if (_headers.Count > JobNames.HeaderCountMax || _headerBytes > JobNames.HeaderBytesMax)
        {
            throw new MalformedMessageException(
                MalformedReason.Headers,
                _path,
                $"more than {JobNames.HeaderCountMax} text headers or {JobNames.HeaderBytesMax} bytes in them.");
        }
    }

    private void Keep(ReadOnlySpan<byte> rawName, JsonElement value)
    {
        var raw = JsonMarshal.GetRawUtf8Value(value);
        if (++_extraCount > ExtraCountMax || (_extra?.Count ?? 0) + rawName.Length + raw.Length > ExtraBytesMax)
        {
            throw new MalformedMessageException(
                MalformedReason.Headers,
                _path,
                $"more than {ExtraCountMax} other headers or {ExtraBytesMax} bytes in them.");
        }

        _extra ??= new List<byte>(256);
        _extra.AddRange(_extra.Count == 0 ? "{\""u8 : ",\""u8);
        _extra.AddRange(rawName);
        _extra.AddRange("\":"u8);
        _extra.AddRange(raw);
    }

    private ReadOnlyMemory<byte> EndExtra()
    {
        if (_extra is null)
        {
            return default;
        }

        _extra.Add((byte)'}');
        return _extra.ToArray();
    }

    /// <summary>
    /// Drops a broken trace context and its tracestate (W3C Trace Context, section 3.2): the job runs without them.
    /// </summary>
    private void EndTrace()
    {
        if (!TraceContext.IsValidParent(_traceParent))
        {
            return;
        }

        AddHeader("traceparent", _traceParent);
        if (TraceContext.IsValidState(_traceState))
        {
            AddHeader("tracestate", _traceState);
        }
    }

    private WirePath Path(string field) => new(_path, field);
}
