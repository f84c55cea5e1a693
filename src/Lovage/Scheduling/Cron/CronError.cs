namespace Lovage.Scheduling;

/// <summary>What is wrong with a cron expression.</summary>
/// <param name="Field">The field at fault, as <c>day of month</c>; null when the whole is at fault.</param>
/// <param name="Position">Where, counted from 0 in the expression.</param>
/// <param name="Message">What is wrong and what to write instead: one sentence.</param>
internal sealed record CronError(string? Field, int Position, string Message);
