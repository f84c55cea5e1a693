using System.Globalization;
using System.Text;
using Lovage.Storage;

namespace Lovage.PostgreSql.Signals;

/// <summary>
/// Signals as one line of text each, after a first line that names the sender by the number of its session.
/// </summary>
internal static class HintText
{
    /// <summary>PostgreSQL carries less than 8,000 bytes in one notification.</summary>
    internal const int BytesMax = 7_900;

    /// <summary>In place of a sender: jobs may stand at places that looks have passed.</summary>
    /// <remarks>All receivers that hear it, the sender's included, look from the start.</remarks>
    internal const int NoSender = 0;

    private const char Ready = 'r';
    private const char Orphans = 'o';
    private const char Cancel = 'c';
    private const char Ended = 'e';
    private const char Schedules = 's';
    private const char Control = 'k';
    private const char Operations = 'b';
    private const char Changed = '*';

    /// <summary>Writes as many signals as fit.</summary>
    /// <remarks>
    /// Ends of jobs that do not fit are left out; for anything else one signal stands for all of them.
    /// </remarks>
    internal static string Write(int sender, IEnumerable<Signal> signals)
    {
        var text = new StringBuilder(sender.ToString(CultureInfo.InvariantCulture));
        var bytes = text.Length;
        foreach (var signal in signals.OrderBy(static signal => signal.Kind == SignalKind.JobEnded))
        {
            var line = Line(signal);
            var more = 1 + Encoding.UTF8.GetByteCount(line);
            if (bytes + more > BytesMax)
            {
                if (signal.Kind != SignalKind.JobEnded)
                {
                    return string.Create(CultureInfo.InvariantCulture, $"{sender}\n{Changed}");
                }

                break;
            }

            text.Append('\n').Append(line);
            bytes += more;
        }

        return text.ToString();
    }

    /// <summary>Reads signals; lines of a later version are passed over.</summary>
    internal static (int Sender, IReadOnlyList<Signal> Signals) Read(string text)
    {
        var lines = text.Split('\n');
        _ = int.TryParse(lines[0], NumberStyles.None, CultureInfo.InvariantCulture, out var sender);
        return (sender, [.. lines.Skip(1).Select(ReadLine).OfType<Signal>()]);
    }

    private static string Line(Signal signal) => signal.Kind switch
    {
        SignalKind.JobsReady => $"{Ready}{signal.Queue}",
        SignalKind.OrphansReady => $"{Orphans}{signal.Queue}",
        SignalKind.CancelRequested => $"{Cancel}{signal.Id.Value}",
        SignalKind.JobEnded => $"{Ended}{signal.Id.Value}",
        SignalKind.SchedulesChanged => $"{Schedules}",
        SignalKind.Control => $"{Control}",
        SignalKind.OperationsChanged => $"{Operations}",
        _ => $"{Changed}",
    };

    private static Signal? ReadLine(string line)
    {
        var rest = line.Length > 1 ? line[1..] : null;
        return (line.Length == 0 ? '\0' : line[0]) switch
        {
            Ready => new Signal(SignalKind.JobsReady, rest),
            Orphans => new Signal(SignalKind.OrphansReady, rest),
            Cancel => JobId.TryParse(rest, out var id) ? new Signal(SignalKind.CancelRequested, null, id) : null,
            Ended => JobId.TryParse(rest, out var id) ? new Signal(SignalKind.JobEnded, null, id) : null,
            Schedules => new Signal(SignalKind.SchedulesChanged),
            Control => new Signal(SignalKind.Control),
            Operations => new Signal(SignalKind.OperationsChanged),
            Changed => new Signal(SignalKind.Changed),
            _ => null,
        };
    }
}
