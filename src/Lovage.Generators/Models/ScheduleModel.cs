namespace Lovage.Generators;

/// <summary>One [Schedule] of a handler, checked.</summary>
/// <param name="Id">The schedule's id.</param>
/// <param name="Cron">The expression.</param>
/// <param name="TimeZone">The IANA id of its zone.</param>
/// <param name="EveryNode">True for every node.</param>
/// <param name="Policy">What the attribute says of the policy, as assignments in C# code.</param>
internal sealed record ScheduleModel(
    string Id, string Cron, string TimeZone, bool EveryNode, EquatableArray<string> Policy);
