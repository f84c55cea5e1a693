using System.Text;
using Lovage.Storage;

namespace Lovage.Redis.Signals;

/// <summary>Signals as one line of text each, after a first line that names the sender.</summary>
internal static class SignalText
{
    /// <summary>Signals in one message at the most.</summary>
    internal const int LinesMax = 500;

    internal static string Write(string sender, IEnumerable<Signal> signals)
    {
        var text = new StringBuilder(sender);
        foreach (var signal in signals)
        {
            text.Append('\n').Append(Letter(signal.Kind)).Append(signal.Kind switch
            {
                SignalKind.CancelRequested or SignalKind.JobEnded => signal.Id.Value,
                _ => signal.Queue,
            });
        }

        return text.ToString();
    }

    /// <summary>Reads signals; lines of a later version are passed over.</summary>
    internal static (string Sender, IReadOnlyList<Signal> Signals) Read(string text)
    {
        var lines = text.Split('\n');
        return (lines[0], [.. lines.Skip(1).Select(ReadLine).OfType<Signal>()]);
    }

    private static Signal? ReadLine(string line)
    {
        var rest = line.Length > 1 ? line[1..] : null;
        return (line.Length == 0 ? '\0' : line[0]) switch
        {
            'r' => new Signal(SignalKind.JobsReady, rest),
            'o' => new Signal(SignalKind.OrphansReady, rest),
            'c' when JobId.TryParse(rest, out var id) => new Signal(SignalKind.CancelRequested, null, id),
            'e' when JobId.TryParse(rest, out var id) => new Signal(SignalKind.JobEnded, null, id),
            's' => new Signal(SignalKind.SchedulesChanged),
            'k' => new Signal(SignalKind.Control),
            'b' => new Signal(SignalKind.OperationsChanged),
            '*' => new Signal(SignalKind.Changed),
            _ => null,
        };
    }

    private static char Letter(SignalKind kind) => kind switch
    {
        SignalKind.JobsReady => 'r',
        SignalKind.OrphansReady => 'o',
        SignalKind.CancelRequested => 'c',
        SignalKind.JobEnded => 'e',
        SignalKind.SchedulesChanged => 's',
        SignalKind.Control => 'k',
        SignalKind.OperationsChanged => 'b',
        _ => '*',
    };
}
