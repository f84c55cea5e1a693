namespace Lovage;

/// <summary>Where jobs are moved to.</summary>
/// <param name="Queue">The queue; null (the default) to stay in the job's own.</param>
/// <param name="Priority">0 to 9, 0 first; null (the default) to keep the job's own.</param>
public sealed record JobMove(string? Queue = null, int? Priority = null)
{
    /// <exception cref="ArgumentException">The queue's name is not allowed, the priority is out of range, or neither is
    /// given.</exception>
    internal JobMove Checked()
    {
        if (Queue is null && Priority is null)
        {
            throw new ArgumentException("A move needs a queue, a priority, or both.");
        }

        if (Priority is < 0 or > 9)
        {
            throw new ArgumentException($"The priority {Priority} is out of range: it is 0 to 9, 0 first.");
        }

        return Queue is null ? this : this with { Queue = JobNames.Queue(Queue) };
    }
}
