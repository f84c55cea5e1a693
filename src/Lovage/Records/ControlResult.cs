namespace Lovage;

/// <summary>What became of a command for workers.</summary>
/// <param name="Replies">What workers answered, by worker.</param>
/// <param name="Silent">Workers that were to answer and did not in time, by <see cref="WorkerRecord.Owner"/>.</param>
public sealed record ControlResult(IReadOnlyList<ControlReply> Replies, IReadOnlyList<string> Silent);
