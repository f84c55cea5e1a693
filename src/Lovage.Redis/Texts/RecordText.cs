using System.Buffers;
using System.Text.Json;
using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Redis.Texts;

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
