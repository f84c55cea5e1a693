using Lovage.Dashboard.Api;

namespace Lovage.Dashboard.Views;

/// <summary>From groups of failures to rows, and from tracebacks to frames.</summary>
internal static class FailureView
{
    /// <summary>Lines of a traceback at the most.</summary>
    private const int FramesMax = 200;

    private const int MessageMax = 1_000;

    /// <summary>
    /// The last hour against the usual hour of the last day: 3 for three times as many. A group that is new counts
    /// against one an hour.
    /// </summary>
    internal static double Rise(FailureGroup group) =>
        Math.Round(group.LastHour / Math.Max(1, (group.LastDay - group.LastHour) / 23.0), 2);

    internal static FailureRow Row(FailureGroup group, IReadOnlyList<string> queues) => new()
    {
        Fingerprint = group.Fingerprint,
        Job = group.Name,
        Type = group.Error.Type,
        Frame = ErrorFingerprint.Frame(group.Error),
        Message = TextCut.Of(group.Error.Message, MessageMax),
        Queues = queues,
        Hour = group.LastHour,
        Day = group.LastDay,
        Week = group.LastWeek,
        FirstSeen = group.FirstAt,
        LastSeen = group.LastAt,
        Rise = Rise(group),
        SampleJob = group.Sample == default ? null : group.Sample.Value,
    };

    internal static FailureDetail Detail(FailureGroup group, IReadOnlyList<string> queues) =>
        new(Row(group, queues)) { Error = Error(group.Name, group.Error), Spark = group.Hours };

    internal static ErrorBody Error(string job, JobError error) =>
        new(error.Type, error.Message, error.Fingerprint(job), Frames(error.Traceback), error.Traceback);

    /// <summary>
    /// The lines of a traceback. A line that is no frame (a cause, source text of Python) is user's too.
    /// </summary>
    private static List<FrameBody> Frames(string? traceback)
    {
        var frames = new List<FrameBody>();
        foreach (var raw in (traceback ?? "").AsSpan().EnumerateLines())
        {
            var line = raw.Trim();
            if (line.IsEmpty)
            {
                continue;
            }

            if (frames.Count == FramesMax)
            {
                break;
            }

            frames.Add(new FrameBody(
                line.ToString(), ErrorFingerprint.Method(line) is not { } method || ErrorFingerprint.IsUser(method)));
        }

        return frames;
    }
}
