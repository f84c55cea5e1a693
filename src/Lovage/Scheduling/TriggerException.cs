using Lovage.Scheduling;

namespace Lovage;

/// <summary>
/// A trigger cannot be made: a cron expression, a time zone, a period or a JSON text is not valid. The message says
/// what, where and what to write instead.
/// </summary>
public sealed class TriggerException : LovageException
{
    internal TriggerException(string message, string? field = null, int? position = null, Exception? cause = null)
        : base(message, cause)
    {
        Field = field;
        Position = position;
    }

    /// <summary>
    /// The part at fault: a field of a cron expression as <c>day of month</c>, or a JSON path as <c>$.any[1].every</c>;
    /// null when the whole is at fault.
    /// </summary>
    public string? Field { get; }

    /// <summary>The character at fault in a cron expression, counted from 0; null elsewhere.</summary>
    public int? Position { get; }

    internal static TriggerException Of(string expression, CronError error) => new(
        $"Cron expression '{JobNames.Shown(expression)}'{(error.Field is null ? "" : $", {error.Field}")}, character "
            + $"{error.Position + 1}: {error.Message}",
        error.Field,
        error.Position);
}
