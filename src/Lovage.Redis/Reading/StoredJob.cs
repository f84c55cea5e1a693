using System.Globalization;
using System.Text;
using System.Text.Json;
using Lovage.Protocol;
using Lovage.Redis.Connections;
using Lovage.Redis.Keys;
using Lovage.Redis.Writing;
using Lovage.Storage;
using StackExchange.Redis;

namespace Lovage.Redis.Reading;

/// <summary>A job with all that a script has read of it.</summary>
internal sealed class StoredJob
{
    private const char StartedAhead = '!';
    private const int Fixed = 7;

    private readonly Dictionary<string, string> _apart = new(StringComparer.Ordinal);
    private readonly StoredRecord? _record;
    private readonly string _start;
    private readonly string _wish;
    private readonly string _progress;

    private StoredJob(RedisResult[] items)
    {
        Element = Element.Read(items[0].Value());
        ReadOnlyMemory<byte> record = items[1].Value();
        _record = record.IsEmpty ? null : StoredRecord.Read(record);
        Stamp = items[2].Text();
        Owner = items[3].Text();
        _start = items[4].Text();
        _wish = items[5].Text();
        _progress = items[6].Text();
        for (var i = Fixed; i + 1 < items.Length; i += 2)
        {
            _apart[items[i].Text()] = items[i + 1].Text();
        }
    }

    internal Element Element { get; }

    internal Front Front => Element.Front;

    internal JobId Id => Element.Message.Id;

    /// <summary>Of the claim; empty when no worker holds it.</summary>
    internal string Stamp { get; }

    internal bool IsHeld => Stamp.Length > 0;

    internal string Owner { get; }

    internal bool HasStarted => _start.Length > 0;

    internal bool HasStartedAhead => _start.StartsWith(StartedAhead);

    internal bool IsToBeCancelled => _wish.Length > 0;

    internal string? CancelReason =>
        _wish.Length == 0 ? null : WishText.Read(_wish);

    /// <summary>How its claim stood when it was read, for <c>change.lua</c>.</summary>
    internal string Notes => IsHeld ? _start + "\n" + _wish : "";

    /// <summary>The front of its record when it was read; empty for none.</summary>
    internal string RecordFront => _record?.Front ?? "";

    /// <summary>Its only attempt, when it is kept with the record.</summary>
    internal AttemptRecord? PlainAttempt => _record?.Attempt;

    /// <summary>Under which claim its newest outcome was written.</summary>
    internal string SettledStamp => _record?.Stamp ?? _apart.GetValueOrDefault("k") ?? "";

    internal IReadOnlyDictionary<string, string> Apart => _apart;

    internal JobState State =>
        _record is { IsFinal: true } ? _record.State
        : IsHeld ? HasStarted ? JobState.Running : JobState.Queued
        : States.Of(Front.State);

    internal int Attempts => _record is { IsFinal: true } ? _record.Attempts : Front.Attempts + (HasStarted ? 1 : 0);

    internal DateTimeOffset? StartedAt =>
        HasStarted ? StorageTime.To(long.Parse(_start.TrimStart(StartedAhead), CultureInfo.InvariantCulture))
        : _apart.TryGetValue("t", out var at) ? StorageTime.To(long.Parse(at, CultureInfo.InvariantCulture))
        : _record?.StartedAt;

    internal string? Worker => HasStarted ? Owner : _apart.GetValueOrDefault("w") ?? _record?.Worker;

    internal string? Fingerprint => _apart.GetValueOrDefault("c");

    internal string? Asked => _apart.GetValueOrDefault("a");

    internal JobRecord ToRecord()
    {
        var final = _record is { IsFinal: true };
        var (progress, message) = Progress();
        return new JobRecord
        {
            Message = Element.Message,
            State = State,
            EnqueuedAt = RedisTime.To(Front.EnqueuedAt),
            DueAt = DueAt(),
            StartedAt = StartedAt,
            FinishedAt = final ? _record!.FinishedAt : null,
            Attempts = Attempts,
            Offers = HasStarted ? 0 : Front.Offers,
            Worker = Worker,
            Result = final ? _record!.Result : default,
            Error = _apart.TryGetValue("e", out var error)
                ? AttemptColumns.ToError(Encoding.UTF8.GetBytes(error))
                : _record?.Error,
            Reason = final || _record is not null && !HasStarted && !_apart.ContainsKey("r") ? _record!.Reason
                : HasStarted && Front.Offers > 0 ? null
                : _apart.GetValueOrDefault("r"),
            Progress = progress,
            ProgressMessage = message,
            CancelRequested = IsToBeCancelled,
        };
    }

    /// <summary>Reads jobs; null for one that is unknown.</summary>
    internal static async Task<StoredJob?[]> FindAsync(
        RedisServer server, IReadOnlyList<JobId> ids, CancellationToken cancellationToken)
    {
        var arguments = server.Arguments(ids.Count);
        for (var i = 0; i < ids.Count; i++)
        {
            arguments.Add(ids[i].Value);
        }

        var found = await server.RunAsync(RedisScript.Find, arguments, cancellationToken);
        return [.. found.Items().Select(static job => job.Items() is { Length: > 0 } items ? new StoredJob(items) : null)];
    }

    // It waits for it, or has waited for it.
    private DateTimeOffset? DueAt() => Front.Has(Front.Delayed) ? RedisTime.To(Front.ReadyAt) : null;

    private (double? Fraction, string? Message) Progress()
    {
        if (_record is { IsFinal: true })
        {
            return (_record.Progress?.Fraction, _record.Progress?.Message);
        }

        if (_progress.Length == 0)
        {
            return (null, null);
        }

        using var progress = JsonDocument.Parse(_progress);
        var (fraction, message) = ProgressText.Read(progress.RootElement);
        return (fraction, message);
    }
}

/// <summary>The letters of scripts for states.</summary>
internal static class States
{
    internal static JobState Of(char letter) => letter switch
    {
        'q' => JobState.Queued,
        's' => JobState.Scheduled,
        'r' or 'R' => JobState.Retrying,
        'u' => JobState.Running,
        'S' => JobState.Succeeded,
        'F' => JobState.Failed,
        'C' => JobState.Cancelled,
        'X' => JobState.Expired,
        'D' => JobState.Dead,
        _ => throw new FormatException("No state."),
    };

    internal static char Letter(JobState state) => state switch
    {
        JobState.Queued => 'q',
        JobState.Scheduled => 's',
        JobState.Retrying => 'r',
        JobState.Running => 'u',
        JobState.Succeeded => 'S',
        JobState.Failed => 'F',
        JobState.Cancelled => 'C',
        JobState.Expired => 'X',
        _ => 'D',
    };
}

/// <summary>A request to cancel: the reason as JSON, so that none differs from an empty one.</summary>
internal static class WishText
{
    internal static string Write(string? reason) =>
        reason is null ? "null" : "\"" + JsonEncodedText.Encode(reason) + "\"";

    internal static string? Read(string wish)
    {
        using var json = JsonDocument.Parse(wish);
        return json.RootElement.GetString();
    }
}

/// <summary>What became of a job, as its record says.</summary>
internal sealed class StoredRecord
{
    public required string Front { get; init; }

    public required JobState State { get; init; }

    public required bool IsFinal { get; init; }

    public required string Stamp { get; init; }

    public required int Attempts { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    public ReadOnlyMemory<byte> Result { get; init; }

    /// <summary>Of a record of Celery's; our own errors are kept apart.</summary>
    public JobError? Error { get; init; }

    public string? Reason { get; init; }

    public string? Worker { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public AttemptRecord? Attempt { get; init; }

    public (double Fraction, string? Message)? Progress { get; init; }

    internal static StoredRecord Read(ReadOnlyMemory<byte> raw)
    {
        using var document = JsonDocument.Parse(raw);
        var root = document.RootElement;
        if (!root.TryGetProperty("lovage"u8, out var ours))
        {
            return OfCelery(CeleryResult.Decode(raw));
        }

        var front = ours.GetString()!;
        var f = front.Split('|');
        var state = States.Of(f[0][0]);
        return new StoredRecord
        {
            Front = front,
            State = state,
            IsFinal = state.IsFinal,
            Stamp = f[1],
            FinishedAt = RedisTime.To(f[2]),
            Attempts = int.Parse(f[3], CultureInfo.InvariantCulture),
            Result = f[5].Contains(RecordText.HasResult, StringComparison.Ordinal) ? ResultOf(root) : default,
            Reason = Text(root, RecordText.Reason),
            Worker = Text(root, RecordText.Worker),
            StartedAt = root.TryGetProperty(RecordText.Started, out var started)
                ? StorageTime.To(started.GetInt64())
                : null,
            Attempt = root.TryGetProperty(RecordText.Attempt, out var attempt) ? AttemptText.Read(attempt) : null,
            Progress = root.TryGetProperty(RecordText.Progress, out var progress) ? ProgressText.Read(progress) : null,
        };
    }

    /// <summary>What a worker of another language wrote.</summary>
    private static StoredRecord OfCelery(CeleryResult result) => new()
    {
        Front = "",
        State = result.State,
        IsFinal = result.State.IsFinal,
        Stamp = "",
        Attempts = 1,
        FinishedAt = result.DateDone ?? DateTimeOffset.UnixEpoch,
        Result = result.State == JobState.Succeeded ? result.Result : default,
        Error = result.Error?.ToJobError(result.Traceback),
    };

    private static ReadOnlyMemory<byte> ResultOf(JsonElement root) =>
        root.TryGetProperty(RecordText.Result, out var result) || root.TryGetProperty("result"u8, out result)
            ? Encoding.UTF8.GetBytes(result.GetRawText())
            : default;

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) ? value.GetString() : null;
}
