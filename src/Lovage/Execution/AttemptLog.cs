using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage.Execution;

/// <summary>The newest lines that one attempt logged, bounded in lines and characters.</summary>
internal sealed class AttemptLog(int linesMax, int charactersMax)
{
    /// <summary>Characters at the most that are written of a running attempt.</summary>
    private const int LiveCharactersMax = 16 * 1024;

    private readonly Lock _lock = new();
    private readonly Queue<LogLine> _lines = new();
    private int _characters;
    private int _dropped;
    private bool _hasNew;

    internal void Add(LogLine line)
    {
        line = line with { Message = TextCut.Bare(line.Message, charactersMax) };

        lock (_lock)
        {
            _hasNew = true;
            _lines.Enqueue(line);
            _characters += line.Message.Length;
            while (_lines.Count > linesMax || _characters > charactersMax)
            {
                _characters -= _lines.Dequeue().Message.Length;
                _dropped++;
            }
        }
    }

    /// <summary>
    /// The newest lines, oldest first, within the bounds for a running attempt; empty when none came since the last
    /// call.
    /// </summary>
    internal IReadOnlyList<LogLine> TakeLive()
    {
        lock (_lock)
        {
            if (!_hasNew)
            {
                return [];
            }

            _hasNew = false;
            LogLine[] lines = [.. _lines.TakeLast(ProgressUpdate.LiveLinesMax)];
            var (first, characters) = (lines.Length, 0);
            while (first > 0 && characters + lines[first - 1].Message.Length <= LiveCharactersMax)
            {
                characters += lines[--first].Message.Length;
            }

            return first == lines.Length && first > 0
                ? [lines[^1] with { Message = TextCut.Bare(lines[^1].Message, LiveCharactersMax) }]
                : lines[first..];
        }
    }

    /// <summary>What was kept, oldest first; a first line says how many older ones were not.</summary>
    internal IReadOnlyList<LogLine> Take()
    {
        lock (_lock)
        {
            LogLine[] lines = [.. _lines];
            return _dropped == 0 || lines.Length == 0
                ? lines
                : [new LogLine(
                    lines[0].At,
                    (int)LogLevel.Information,
                    "Lovage.Worker",
                    $"({_dropped} older lines were not kept)"), .. lines];
        }
    }
}
