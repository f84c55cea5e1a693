namespace Lovage.PostgreSql.Schema;

/// <summary>The numbers of <see cref="JobState"/> as statements write them. A test pins each to its enum.</summary>
internal static class States
{
    internal const string Scheduled = "0";
    internal const string Queued = "1";
    internal const string Running = "2";
    internal const string Retrying = "3";
    internal const string Succeeded = "4";
    internal const string Failed = "5";
    internal const string Cancelled = "6";
    internal const string Expired = "7";
    internal const string Dead = "8";

    /// <summary>A condition on a state: the job has ended. The numbers of these states are one range.</summary>
    internal const string HasEnded = $"BETWEEN {Succeeded} AND {Dead}";

    /// <summary>A condition on a state: the job has ended and is no dead letter.</summary>
    internal const string HasFinished = $"BETWEEN {Succeeded} AND {Expired}";
}

/// <summary>The numbers of <see cref="AttemptEnd"/> as statements write them. A test pins each to its enum.</summary>
internal static class Ends
{
    internal const string Interrupted = "9";
    internal const string OwnerDied = "10";

    /// <summary>A condition on an end: the worker wrote an outcome.</summary>
    internal const string IsOutcome = $"NOT IN ({Interrupted}, {OwnerDied})";
}

/// <summary>The numbers of lanes, which stand in the key of <c>ready</c>.</summary>
internal static class Lanes
{
    /// <summary>Jobs that came back from a dead owner.</summary>
    internal const string Orphans = "0";

    internal const string Ordinary = "1";

    internal const string All = $"({Orphans}, {Ordinary})";
}

/// <summary>The priorities, which stand in the keys of <c>ready</c>.</summary>
internal static class Priorities
{
    internal const string First = "0";
    internal const string Last = "9";

    /// <summary>The priority by which a message takes its place, whatever its own is.</summary>
    internal static string Of(string priority) => $"least(greatest({priority}, {First}), {Last})::smallint";
}

/// <summary>
/// Numbers of <see cref="ScheduleState"/> and <see cref="TickStatus"/> as statements write them. A test pins each to
/// its enum.
/// </summary>
internal static class Schedules
{
    internal const string Active = "0";
    internal const string TickQueued = "1";
}
