using Microsoft.Extensions.Logging;

namespace Lovage.Execution;

/// <summary>The newest lines that one attempt logged, bounded in lines and characters.</summary>
internal sealed class AttemptLog(int linesMax, int charactersMax)
{
    private readonly Lock _lock = new();
    private readonly Queue<LogLine> _lines = new();
    private int _characters;
    private int _dropped;

    internal void Add(LogLine line)
    {
        line = line with { Message = TextCut.Bare(line.Message, charactersMax) };

        lock (_lock)
        {
            _lines.Enqueue(line);
            _characters += line.Message.Length;
            while (_lines.Count > linesMax || _characters > charactersMax)
            {
                _characters -= _lines.Dequeue().Message.Length;
                _dropped++;
            }
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
