using Lovage.Storage.Columns;

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
