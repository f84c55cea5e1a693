using System.Globalization;
using Lovage.Storage.Columns;
using Lovage.Storage.Plans;

namespace Lovage.PostgreSql.Schema;

/// <summary>The numbers of <see cref="JobState"/> as statements write them.</summary>
internal static class States
{
    internal static string Scheduled { get; } = StoredNumbers.Of(JobState.Scheduled);

    internal static string Queued { get; } = StoredNumbers.Of(JobState.Queued);

    internal static string Running { get; } = StoredNumbers.Of(JobState.Running);

    internal static string Retrying { get; } = StoredNumbers.Of(JobState.Retrying);

    internal static string Succeeded { get; } = StoredNumbers.Of(JobState.Succeeded);

    internal static string Failed { get; } = StoredNumbers.Of(JobState.Failed);

    internal static string Cancelled { get; } = StoredNumbers.Of(JobState.Cancelled);

    internal static string Expired { get; } = StoredNumbers.Of(JobState.Expired);

    internal static string Dead { get; } = StoredNumbers.Of(JobState.Dead);

    /// <summary>
    /// An expression that gives a state's name as Lovage has it; a job without a row in <c>course</c> is queued.
    /// </summary>
    internal static string Names(string state) =>
        $"CASE {state} "
            + string.Concat(Enum.GetValues<JobState>().Select(one => $"WHEN {StoredNumbers.Of(one)} THEN '{one}' "))
            + $"ELSE '{JobState.Queued}' END";

    /// <summary>A condition on a state: the job has ended.</summary>
    internal static string HaveEnded => StoredNumbers.IsFinal;

    /// <summary>A condition on a state: the job has ended and is no dead letter.</summary>
    internal static string HaveFinished { get; } = $"BETWEEN {Succeeded} AND {Expired}";
}

/// <summary>The numbers of <see cref="AttemptEnd"/> as statements write them.</summary>
internal static class Ends
{
    internal static string Interrupted { get; } = StoredNumbers.Of(AttemptEnd.Interrupted);

    internal static string OwnerDied { get; } = StoredNumbers.Of(AttemptEnd.OwnerDied);

    /// <summary>A condition on an end: a worker wrote it as an outcome.</summary>
    internal static string AreOutcomes { get; } = $"NOT IN ({Interrupted}, {OwnerDied})";
}

/// <summary>The numbers of lanes, which stand in the key of <c>ready</c>.</summary>
internal static class Lanes
{
    /// <summary>Jobs that came back from a dead owner.</summary>
    internal const string Orphans = "0";

    internal const string Ordinary = "1";

    internal const string All = $"({Orphans}, {Ordinary})";
}

/// <summary>The priorities, which stand in the key of <c>ready</c>.</summary>
internal static class Priorities
{
    internal const string First = "0";
    internal const string Last = "9";

    /// <summary>The priority by which a message takes its place, whatever its own is.</summary>
    internal static string Of(string priority) => $"least(greatest({priority}, {First}), {Last})::smallint";
}

/// <summary>Numbers of <see cref="ScheduleState"/> and <see cref="TickStatus"/> as statements write them.</summary>
internal static class Schedules
{
    internal static string Active { get; } = StoredNumbers.Of(ScheduleState.Active);

    internal static string TickQueued { get; } = StoredNumbers.Of(TickStatus.Queued);
}

/// <summary>The kinds of blocks, and their size.</summary>
internal static class Blocks
{
    internal const string Queue = "1";
    internal const string Name = "2";
    internal const string QueueAndName = "3";
    internal const string Worker = "4";
    internal const string Succeeded = "5";

    internal const int Size = 1 << Shift;

    private const int Shift = 10;

    /// <summary>The block of a key, as an expression.</summary>
    internal static string Of(string key) => $"{key} >> {ShiftText}";

    /// <summary>A condition on a key: it stands in a block.</summary>
    internal static string Holds(string block, string key) =>
        $"{key} >= {block} << {ShiftText} AND {key} < ({block} + 1) << {ShiftText}";

    /// <summary>The word of a queue and a name.</summary>
    internal static string Pair(string queue, string name) => $"({queue}::bigint << 32 | {name})";

    /// <summary>The word of a queue and a name.</summary>
    internal static long Pair(int queue, int name) => ((long)queue << 32) | (uint)name;

    /// <summary>The block of a key.</summary>
    internal static long Of(long key) => key >> Shift;

    /// <summary>The first key of a block.</summary>
    internal static long First(long block) => block << Shift;

    private static string ShiftText => Shift.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The hours and the steps of ten minutes in which statistics and failures are counted.</summary>
internal static class Hours
{
    internal const long Ticks = TimeSpan.TicksPerHour;
    internal const long StepTicks = 10 * TimeSpan.TicksPerMinute;

    /// <summary>The hour of a time in units of 100 ns, as an expression.</summary>
    internal static string Of(string time) => $"(({time}) / {Text(Ticks)})::integer";

    /// <summary>The step of a time in units of 100 ns, as an expression.</summary>
    internal static string StepOf(string time) => $"(({time}) / {Text(StepTicks)})::integer";

    private static string Text(long ticks) => ticks.ToString(CultureInfo.InvariantCulture);
}

/// <summary>How the buckets of an outcome's wait and run make one number.</summary>
internal static class Buckets
{
    internal const int Size = 64;

    /// <summary>The number of an attempt: each part is a bucket plus 1, or 0 when there is nothing to count.</summary>
    internal static short Of(AttemptRecord attempt)
    {
        // The name matters to the fingerprint alone.
        var measures = AttemptMeasures.Of(attempt, "");
        return (short)((Size * Part(measures.Wait)) + Part(measures.Run));
    }

    private static int Part(TimeSpan? duration) =>
        duration is { } value ? DurationHistogram.Bucket(value) + 1 : 0;
}
