namespace Lovage;

/// <summary>What became of a request to run a job again with other arguments.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="State">The state in which the storage found the old job; null when it knows no such job.</param>
/// <param name="Id">The new job; the default value when there is none.</param>
public readonly record struct EditResult(ChangeStatus Status, JobState? State, JobId Id);
