using Lovage.Dashboard.Api;
using Lovage.Dashboard.Sampling;
using Lovage.Protocol;

namespace Lovage.Dashboard.Views;

/// <summary>All that is known of one job, from several reads.</summary>
internal sealed class JobDetailView(ConsoleServices console, DashboardOptions options)
{
    private const int ChildrenMax = 50;
    private const int EditedMax = 10;
    private const int AttemptsShown = 100;

    /// <returns>Null when the storage knows no such job.</returns>
    internal async Task<JobDetail?> FindAsync(JobId id, bool withPayload, CancellationToken cancellationToken)
    {
        var jobs = console.Jobs;
        if (await jobs.FindAsync(id, cancellationToken) is not { } job)
        {
            return null;
        }

        var now = console.Time.GetUtcNow();
        var attempts = await jobs.AttemptsAsync(id, cancellationToken);
        var usual = (await console.Facts.UsualAsync(cancellationToken)).GetValueOrDefault(job.Name);
        var message = job.Message;
        var detail = new JobDetail(JobView.Row(job, now))
        {
            Headers = Headers(job),
            RootId = message.RootId,
            ParentId = message.ParentId,
            GroupId = message.GroupId,
            ScheduleId = message.Headers.GetValueOrDefault(ScheduleHeaders.Schedule),
            Tick = ScheduleHeaders.Read(message.Headers),
            Origin = message.Origin,
            Eta = message.Eta,
            ExpiresAt = message.Expires,
            TimeLimit = message.TimeLimit?.TotalSeconds,
            SoftTimeLimit = message.SoftTimeLimit?.TotalSeconds,
            Retries = message.Retries,
            AttemptsList = [.. attempts.TakeLast(AttemptsShown).Select(attempt => Attempt(job, attempt, attempts))],
            LiveLogs = job.State == JobState.Running
                ? [.. (await jobs.LiveLinesAsync(id, cancellationToken)).Select(Line)]
                : [],
            Children = await ChildrenAsync(job, now, cancellationToken),
            Parent = await RowAsync(message.ParentId, now, cancellationToken),
            Root = message.RootId == message.ParentId ? null : await RowAsync(message.RootId, now, cancellationToken),
            EditedFrom = message.Headers.GetValueOrDefault(EditHeaders.EditedFrom),
            EditedInto = await EditedAsync(job, cancellationToken),
            Similar = usual is { Count: > 0 }
                ? new Similar(
                    usual.Quantile(0.5)?.TotalSeconds, usual.Quantile(0.95)?.TotalSeconds, usual.Count)
                : null,
            Can = Can(job),
            TraceUrl = LinkTemplate.Fill(options.TraceUrl, job),
            Message = new MessageBytes(message.Body.Length, null),
        };
        return withPayload ? await WithPayloadAsync(detail, job, cancellationToken) : detail;
    }

    internal static JobActions Can(JobRecord job) => new(
        RunAgain: job.IsFinal,
        RunNow: job.State is JobState.Scheduled or JobState.Retrying,
        Cancel: !job.IsFinal && !job.CancelRequested,
        Delete: job.IsFinal,
        Move: job.State is JobState.Scheduled or JobState.Retrying or JobState.Queued,
        Edit: job.IsFinal);

    internal static LogBody Line(LogLine line) => new(line.At, line.Level, line.Category, line.Message);

    private async ValueTask<JobDetail> WithPayloadAsync(
        JobDetail detail, JobRecord job, CancellationToken cancellationToken)
    {
        var known = await console.Catalog.FindAsync(job.Name, cancellationToken);
        var (arguments, areCut) = PayloadView.Arguments(job.Message, known);
        var (text, isTextCut) = PayloadView.Body(job.Message, known);
        var shown = MessageRedactor.Result(job.Result, job.Message, known.Sensitive);
        var result = PayloadView.Json(shown, out var isResultCut);
        return detail with
        {
            Headers = PayloadView.Headers(job.Message, known),
            Arguments = arguments,
            Result = result,
            ResultHidden = shown.IsEmpty && !job.Result.IsEmpty,
            PayloadTruncated = areCut || isTextCut || isResultCut,
            Message = new MessageBytes(job.Message.Body.Length, text),
        };
    }

    /// <summary>Headers may carry what the arguments do; those of the trace and of Lovage itself do not.</summary>
    private static Dictionary<string, string> Headers(JobRecord job) => job.Message.Headers
        .Where(static header =>
            header.Key == "traceparent" || header.Key.StartsWith("lovage_", StringComparison.Ordinal))
        .ToDictionary(StringComparer.Ordinal);

    private AttemptBody Attempt(JobRecord job, AttemptRecord attempt, IReadOnlyList<AttemptRecord> all)
    {
        var ended = attempt.StartedAt + attempt.Duration;
        var isNewest = ReferenceEquals(attempt, all[^1]);
        return new AttemptBody
        {
            Number = attempt.Number,
            End = EndWords.Of(attempt.End),
            StartedAt = attempt.StartedAt,
            WaitSeconds = attempt.Wait?.TotalSeconds,
            DurationSeconds = attempt.Duration.TotalSeconds,
            Worker = attempt.Worker,
            Error = attempt.Error is { } error ? FailureView.Error(job.Name, error) : null,
            Logs = [.. attempt.Logs.Select(Line)],
            LogUrl = LinkTemplate.Fill(options.LogUrl, job, attempt.Number, attempt.StartedAt, ended),
            RetryAt = isNewest && job.State == JobState.Retrying ? job.DueAt : null,
        };
    }

    private async ValueTask<JobRow?> RowAsync(string? id, DateTimeOffset now, CancellationToken cancellationToken) =>
        JobId.TryParse(id, out var known) && await console.Jobs.FindAsync(known, cancellationToken) is { } job
            ? JobView.Row(job, now)
            : null;

    private async ValueTask<IReadOnlyList<JobRow>> ChildrenAsync(
        JobRecord job, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!console.Jobs.Qualifiers.HasFlag(JobQualifiers.Root))
        {
            return [];
        }

        var tree = await console.Jobs.ListAsync(
            new JobQuery { RootId = job.Message.RootId ?? job.Id.Value, Limit = ChildrenMax * 4 }, cancellationToken);
        return
        [
            .. tree.Jobs.Where(child => child.Message.ParentId == job.Id.Value)
                .Take(ChildrenMax)
                .Select(child => JobView.Row(child, now)),
        ];
    }

    private async ValueTask<IReadOnlyList<string>> EditedAsync(JobRecord job, CancellationToken cancellationToken) =>
        console.Jobs.Qualifiers.HasFlag(JobQualifiers.EditedFrom) && job.IsFinal
            ? [.. (await console.Jobs.ListAsync(
                    new JobQuery { EditedFrom = job.Id.Value, Limit = EditedMax }, cancellationToken)).Jobs
                .Select(static edited => edited.Id.Value)]
            : [];
}

/// <summary>How attempts ended, as the API writes it.</summary>
internal static class EndWords
{
    internal static string Of(AttemptEnd end) => end switch
    {
        AttemptEnd.Succeeded => "succeeded",
        AttemptEnd.Failed => "failed",
        AttemptEnd.TimedOut => "timed_out",
        AttemptEnd.RetryAsked => "retry_asked",
        AttemptEnd.Rejected => "rejected",
        AttemptEnd.BadArguments => "bad_arguments",
        AttemptEnd.Malformed => "malformed",
        AttemptEnd.Cancelled => "cancelled",
        AttemptEnd.Expired => "expired",
        AttemptEnd.Interrupted => "interrupted",
        _ => "owner_died",
    };
}
