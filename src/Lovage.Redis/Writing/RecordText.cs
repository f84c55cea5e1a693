using System.Buffers;
using System.Text;
using System.Text.Json;
using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Redis.Writing;

/// <summary>
/// What became of a job, as the script stores it: a result record of Celery without its first brace. Members that are
/// ours begin with <c>lovage</c>; Celery's clients pass over them.
/// </summary>
/// <remarks>Stored texts outlive a version: members are added, never changed.</remarks>
internal static class RecordText
{
    internal const char HasResult = 'v';
    internal const string Progress = "lovage_progress";
    internal const string Reason = "lovage_reason";
    internal const string Worker = "lovage_worker";
    internal const string Started = "lovage_started";
    internal const string Attempt = "lovage_attempt";
    internal const string Result = "lovage_result";

    /// <summary>The record of a job that ended, or that is tried again, by an outcome.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <param name="state">What it makes of the job.</param>
    /// <param name="reason">Why; null when nothing is to be said.</param>
    /// <param name="now">When, for Celery's clients.</param>
    /// <param name="keepsAttempt">True when the attempt is kept here, since it is the only one and plain.</param>
    internal static byte[] Of(
        Settlement outcome, JobState state, string? reason, DateTimeOffset now, bool keepsAttempt)
    {
        var attempt = outcome.Attempt;
        var more = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(more))
        {
            json.WriteStartObject();
            Text(json, Reason, reason);
            json.WriteString(Worker, attempt.Worker);
            json.WriteNumber(Started, StorageTime.From(attempt.StartedAt));
            if (keepsAttempt)
            {
                json.WritePropertyName(Attempt);
                json.WriteRawValue(AttemptText.Write(attempt), skipInputValidation: true);
            }

            if (!outcome.Result.IsEmpty && state != JobState.Succeeded)
            {
                // Celery has the exception in its place.
                json.WritePropertyName(Result);
                json.WriteRawValue(outcome.Result.Span);
            }

            json.WriteEndObject();
        }

        return Encode(
            outcome.Id, state, outcome.Result, state is JobState.Succeeded ? null : attempt.Error, reason, now,
            more.WrittenMemory);
    }

    /// <summary>The record of a job that ended without an outcome.</summary>
    internal static byte[] Of(
        JobId id, JobState state, string? reason, DateTimeOffset now, string? worker, DateTimeOffset? startedAt)
    {
        var more = new ArrayBufferWriter<byte>(64);
        using (var json = new Utf8JsonWriter(more))
        {
            json.WriteStartObject();
            Text(json, Reason, reason);
            Text(json, Worker, worker);
            if (startedAt is { } started)
            {
                json.WriteNumber(Started, StorageTime.From(started));
            }

            json.WriteEndObject();
        }

        return Encode(id, state, default, null, reason, now, more.WrittenMemory);
    }

    private static byte[] Encode(
        JobId id,
        JobState state,
        ReadOnlyMemory<byte> result,
        JobError? error,
        string? reason,
        DateTimeOffset now,
        ReadOnlyMemory<byte> more)
    {
        var record = new CeleryResult
        {
            Id = id,
            Status = state.CeleryWord,
            Result = result.IsEmpty ? "null"u8.ToArray() : result,
            Error = error is not null ? CeleryError.From(error)
                : state is JobState.Succeeded or JobState.Retrying ? null
                : Ended(state, reason),
            Traceback = error?.Traceback,
            DateDone = now,
            Extended = more,
        };
        return record.Encode()[1..];
    }

    // celery/exceptions.py: what a client raises for a job that ended so.
    private static CeleryError Ended(JobState state, string? reason) => state switch
    {
        JobState.Expired => CeleryError.Of("TaskRevokedError", "celery.exceptions", "expired"),
        JobState.Cancelled => CeleryError.Of("TaskRevokedError", "celery.exceptions", reason ?? "revoked"),
        _ => CeleryError.Of("Reject", "celery.exceptions", reason ?? state.ToString()),
    };

    private static void Text(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}

/// <summary>An attempt as one JSON array: number, end, start, duration, worker, wait, error, logs.</summary>
/// <remarks>Stored texts outlive a version: the order of the items never changes.</remarks>
internal static class AttemptText
{
    internal static byte[] Write(AttemptRecord attempt)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            json.WriteNumberValue(attempt.Number);
            json.WriteNumberValue((int)attempt.End);
            json.WriteNumberValue(StorageTime.From(attempt.StartedAt));
            json.WriteNumberValue(attempt.Duration.Ticks);
            json.WriteStringValue(attempt.Worker);
            if (attempt.Wait is { } wait)
            {
                json.WriteNumberValue(wait.Ticks);
            }
            else
            {
                json.WriteNullValue();
            }

            Raw(json, AttemptColumns.FromError(attempt.Error));
            Raw(json, AttemptColumns.FromLogs(attempt.Logs));
            json.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }

    internal static AttemptRecord Read(ReadOnlyMemory<byte> text)
    {
        using var document = JsonDocument.Parse(text);
        return Read(document.RootElement);
    }

    internal static AttemptRecord Read(JsonElement attempt) => new()
    {
        Number = attempt[0].GetInt32(),
        End = (AttemptEnd)attempt[1].GetInt32(),
        StartedAt = StorageTime.To(attempt[2].GetInt64()),
        Duration = new TimeSpan(attempt[3].GetInt64()),
        Worker = attempt[4].GetString() ?? "",
        Wait = attempt[5].ValueKind == JsonValueKind.Null ? null : new TimeSpan(attempt[5].GetInt64()),
        Error = AttemptColumns.ToError(Raw(attempt[6])),
        Logs = AttemptColumns.ToLogs(Raw(attempt[7])),
    };

    private static void Raw(Utf8JsonWriter json, byte[] utf8)
    {
        if (utf8.Length == 0)
        {
            json.WriteNullValue();
        }
        else
        {
            json.WriteRawValue(utf8, skipInputValidation: true);
        }
    }

    private static byte[] Raw(JsonElement value) =>
        value.ValueKind == JsonValueKind.Null ? [] : Encoding.UTF8.GetBytes(value.GetRawText());
}

/// <summary>How far a job is: [fraction, message].</summary>
internal static class ProgressText
{
    internal static byte[] Write(double fraction, string? message)
    {
        var buffer = new ArrayBufferWriter<byte>(64);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            json.WriteNumberValue(fraction);
            json.WriteStringValue(message);
            json.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }

    internal static (double Fraction, string? Message) Read(JsonElement progress) =>
        (progress[0].GetDouble(), progress[1].GetString());
}
