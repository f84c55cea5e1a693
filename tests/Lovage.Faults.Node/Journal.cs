using System.Diagnostics;
using System.Globalization;

namespace Lovage.Faults.Node;

/// <summary>
/// What a process saw and did, apart from the storage that is tested. A producer writes what it means to enqueue and
/// what was accepted; a handler writes the start, the finish and the cancellation of its attempt. Times are the host's
/// monotonic clock, which all its processes share.
/// </summary>
/// <remarks>A line: word, job id, attempt, fence, process id, timestamp, detail.</remarks>
public sealed class Journal(string path) : IDisposable
{
    private readonly LineFile _file = new(path);

    public void Intent(JobId id) => Append("intent", id, 0, 0);

    public void Accepted(JobId id) => Append("accepted", id, 0, 0);

    public void Start(JobContext attempt) => Append("start", attempt.Id, attempt.Attempt, attempt.FenceToken);

    public void Finish(JobContext attempt) => Append("finish", attempt.Id, attempt.Attempt, attempt.FenceToken);

    public void Cancelled(JobContext attempt) =>
        Append("cancelled", attempt.Id, attempt.Attempt, attempt.FenceToken, attempt.CancellationReason.ToString());

    public void Dispose() => _file.Dispose();

    private void Append(string word, JobId id, int attempt, long fence, string detail = "-") =>
        _file.Append(string.Create(
            CultureInfo.InvariantCulture,
            $"{word} {id} {attempt} {fence} {Environment.ProcessId} {Stopwatch.GetTimestamp()} {detail}"));
}
