using System.Globalization;
using Lovage.Redis.Connections;
using Lovage.Redis.Keys;
using Lovage.Redis.Reading;
using Lovage.Redis.Texts;
using Lovage.Storage;
using Lovage.Storage.Plans;
using StackExchange.Redis;

namespace Lovage.Redis.Writing;

/// <summary>Outcomes as <c>settle.lua</c> reads them, and what it answers.</summary>
internal static class SettleText
{
    /// <summary>Adds one outcome.</summary>
    /// <param name="arguments">Where to.</param>
    /// <param name="outcome">The outcome.</param>
    /// <param name="job">Its job as it was read; needed for a retry and for an error alone.</param>
    /// <param name="wish">The request to cancel that this retry obeys; null when it knows of none.</param>
    /// <param name="server">The server.</param>
    internal static void Add(
        RedisArguments arguments, Settlement outcome, StoredJob? job, string? wish, RedisServer server)
    {
        var plan = OutcomePlan.Of(outcome, wish is not null, wish is null ? null : WishText.Read(wish));
        var attempt = outcome.Attempt;
        var name = job?.Element.Message.Name ?? "";
        var measures = AttemptMeasures.Of(attempt, name);
        var cause = job is null ? "" : measures.Fingerprint ?? "";
        var isRetry = plan.State == JobState.Retrying;
        var isPlain = !isRetry && attempt is { Number: 1, Error: null, Logs.Count: 0 };
        var flags = (plan.IsRetry ? "r" : "") + (plan.PublishesFollowUps ? "" : "c") + (cause.Length > 0 ? "x" : "")
            + (outcome.Result.IsEmpty || plan.IsRetry ? "" : RecordText.HasResult.ToString());
        var followUps = plan.PublishesFollowUps ? outcome.FollowUps : [];
        arguments.Add(Fields.Join(
            outcome.Token.Stamp,
            outcome.Id.Value,
            isRetry ? 'R' : States.Letter(plan.State),
            RedisTime.From(outcome.RetryDelay),
            flags,
            Bucket(measures.Wait),
            measures.Wait?.Ticks,
            Bucket(measures.Run),
            measures.Run?.Ticks,
            followUps.Count));
        arguments.Add(outcome.Progress is { } progress && !plan.IsRetry
            ? ProgressText.Write(progress, outcome.ProgressMessage)
            : RedisValue.EmptyString);
        arguments.Add(RecordText.Of(
            plan.IsRetry ? outcome with { Result = default } : outcome,
            plan.State,
            plan.Reason,
            server.Clock.Shown,
            isPlain));
        arguments.Add(isPlain ? RedisValue.EmptyString : AttemptText.Write(attempt));
        arguments.Add(cause);
        arguments.Add(AttemptColumns.FromError(attempt.Error));
        arguments.Add(plan.IsRetry && job is not null
            ? Element.Rest(job.Element.Message with { Retries = job.Element.Message.Retries + 1 }, server.Clock)
            : ReadOnlyMemory<byte>.Empty);
        foreach (var followUp in followUps)
        {
            Messages.Add(arguments, followUp, server);
        }
    }

    internal static SettleResult Read(string answer) => answer[0] == 'a'
        ? new SettleResult(SettleStatus.Applied, answer.Length > 1 ? States.Of(answer[1]) : null)
        : new SettleResult(SettleStatus.Stale, null);

    private static string Bucket(TimeSpan? duration) => duration is { } value
        ? DurationHistogram.Bucket(value).ToString(CultureInfo.InvariantCulture)
        : "";
}
