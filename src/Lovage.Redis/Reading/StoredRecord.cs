using System.Globalization;
using System.Text;
using System.Text.Json;
using Lovage.Protocol;
using Lovage.Redis.Keys;
using Lovage.Redis.Texts;
using Lovage.Storage;

namespace Lovage.Redis.Reading;

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
