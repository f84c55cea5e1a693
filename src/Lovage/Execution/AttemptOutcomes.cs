using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>
/// Turns the end of an attempt into the outcome that is written, by the table in <see cref="JobLifecycle"/> and the
/// job's retry policy.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class AttemptOutcomes(WorkerOwner owner, RetryRule rule, Func<WorkerSettings> current)
{
    /// <summary>Attempts at the most for a message: its own number, else its definition's, else the policy's.</summary>
    /// <remarks>
    /// It is never below the number of the attempt that runs: the job may have failed more often before a smaller
    /// limit was set, or as a message of Celery.
    /// </remarks>
    internal int MaxAttempts(Delivery delivery, JobDefinition? definition) => Math.Max(
        delivery.Message.Retries + 1,
        AttemptLimit.Of(delivery.Message.MaxAttempts, definition, definition?.Retry ?? current().Retry)
            ?? current().MaxAttempts);

    /// <summary>The outcome of an attempt that ran.</summary>
    /// <returns>Null when the job is to be released instead.</returns>
    internal Settlement? Of(JobAttempt attempt, AttemptEnding ending, TimeSpan duration) =>
        Of(attempt, ending, duration, attempt.Written);

    /// <inheritdoc cref="Of(JobAttempt, AttemptEnding, TimeSpan)"/>
    internal Settlement? Of(JobAttempt attempt, AttemptEnding ending, TimeSpan duration, WrittenResult result)
    {
        var kept = ending.End == AttemptEnd.Succeeded ? result.Within(current().ResultBytesMax) : default;
        var record = new AttemptRecord
        {
            Number = attempt.Delivery.AttemptsSoFar + 1,
            End = ending.End,
            StartedAt = attempt.StartedAt,
            Wait = attempt.Wait,
            Duration = duration,
            Worker = owner.Key,
            Logs = attempt.LogLines,
        };
        var sensitive = attempt.Sensitive;
        var hidden = SecretTexts.OfResult(result.Json, sensitive);
        if (hidden is not null)
        {
            record = record with
            {
                Logs = [.. record.Logs.Select(line => line with { Message = hidden.Clean(line.Message) })],
            };
        }

        if (kept.Fault is not null && SensitiveName.HaveResult(sensitive))
        {
            kept = kept.WithoutCause();
        }

        var outcome = Of(
            attempt.Delivery,
            attempt.Definition,
            ending,
            attempt.MaxAttempts,
            record,
            kept,
            ending.Error is null && kept.Fault is null ? null : attempt.Secrets);
        return outcome is not null && attempt.TryTakeProgress(out var fraction, out var message)
            ? outcome with
            {
                Progress = fraction,
                ProgressMessage = message is null || hidden is null ? message : hidden.Clean(message),
            }
            : outcome;
    }

    /// <summary>The outcome of a delivery that no handler saw.</summary>
    /// <returns>Null when the job is to be released instead.</returns>
    internal Settlement? Of(Delivery delivery, JobDefinition? definition, AttemptEnding ending, DateTimeOffset at) =>
        Of(
            delivery,
            definition,
            ending,
            MaxAttempts(delivery, definition),
            Unseen(delivery, ending, at),
            default,
            null);

    private AttemptRecord Unseen(Delivery delivery, AttemptEnding ending, DateTimeOffset at) => new()
    {
        Number = delivery.AttemptsSoFar + 1,
        End = ending.End,
        StartedAt = at,
        Duration = TimeSpan.Zero,
        Worker = owner.Key,
    };

    private Settlement? Of(
        Delivery delivery,
        JobDefinition? definition,
        AttemptEnding ending,
        int maxAttempts,
        AttemptRecord attempt,
        WrittenResult result,
        SecretTexts? secrets)
    {
        var message = delivery.Message;
        var policy = definition?.Retry ?? current().Retry;
        var decision = RetryRule.Decide(ending, policy, message.Retries, maxAttempts);
        if (decision == JobDecision.Release)
        {
            return null;
        }

        var error = ending.Error is null ? null : JobError.From(ending.Error, secrets);
        return new Settlement
        {
            Token = delivery.Token,
            Id = message.Id,
            Decision = decision,
            RetryDelay = decision == JobDecision.Retry
                ? rule.Delay(ending, policy, message.Retries + 1)
                : TimeSpan.Zero,
            Result = result.Json,
            Reason = (secrets is null ? result.Fault : secrets.CleanOrNull(result.Fault))
                ?? Reason(ending.End, decision, error),
            Attempt = error is null ? attempt : attempt with { Error = error },
        };
    }

    private static string? Reason(AttemptEnd end, JobDecision decision, JobError? error) => (end, decision) switch
    {
        (AttemptEnd.Rejected or AttemptEnd.BadArguments, _) => error?.Message,
        (AttemptEnd.TimedOut, _) => "The attempt ran over its time limit.",
        (AttemptEnd.Expired, _) => "It was not started before its expiry.",
        (AttemptEnd.Failed, JobDecision.Fail) => "Its attempts are used up, or its error is one that is not retried.",
        _ => null,
    };
}
