using System.Globalization;

namespace Lovage.Storage.Columns;

/// <summary>The numbers under which states are stored, as SQL text, so that no statement spells a bare digit.</summary>
/// <remarks>Stateless, safe for use by several threads.</remarks>
public static class StoredNumbers
{
    /// <summary>
    /// A condition that holds for the states in which a job has ended: <c>BETWEEN 4 AND 8</c>. They are one range.
    /// </summary>
    public static string IsFinal { get; } = $"BETWEEN {Of(JobState.Succeeded)} AND {Of(JobState.Dead)}";

    /// <summary>The number of a job's state.</summary>
    /// <param name="state">The state.</param>
    public static string Of(JobState state) => ((int)state).ToString(CultureInfo.InvariantCulture);

    /// <summary>The number of a schedule's state.</summary>
    /// <param name="state">The state.</param>
    public static string Of(ScheduleState state) => ((int)state).ToString(CultureInfo.InvariantCulture);

    /// <summary>The number of a tick's status.</summary>
    /// <param name="status">The status.</param>
    public static string Of(TickStatus status) => ((int)status).ToString(CultureInfo.InvariantCulture);

    /// <summary>The number of a bulk operation's state.</summary>
    /// <param name="state">The state.</param>
    public static string Of(BulkState state) => ((int)state).ToString(CultureInfo.InvariantCulture);

    /// <summary>The number of an attempt's end.</summary>
    /// <param name="end">The end.</param>
    public static string Of(AttemptEnd end) => ((int)end).ToString(CultureInfo.InvariantCulture);
}
