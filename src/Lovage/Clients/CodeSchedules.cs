namespace Lovage;

/// <summary>What the code of this process says of schedules.</summary>
/// <param name="Find">The trigger of a schedule; null when this process's code does not define it.</param>
/// <param name="Restore">Stores a schedule as this process's code defines it; does nothing when it does not.</param>
internal sealed record CodeSchedules(
    Func<string, Trigger?> Find, Func<string, CancellationToken, Task> Restore)
{
    /// <summary>
    /// Stands in the place of a digest, so that the next process whose code defines the schedule stores that anew.
    /// </summary>
    internal const string RestoreMark = "restore";

    internal static CodeSchedules None { get; } = new(static _ => null, static (_, _) => Task.CompletedTask);
}
