using System.Globalization;
using System.Text;
using System.Text.Json;
using Lovage.Redis.Connections;
using Lovage.Redis.Keys;
using Lovage.Redis.Texts;
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
        return
        [
            .. found.Items()
                .Select(static job => job.Items() is { Length: > 0 } items ? new StoredJob(items) : null),
        ];
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
