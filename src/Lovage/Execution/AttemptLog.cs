using System.Diagnostics.CodeAnalysis;
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
        if (line.Message.Length > charactersMax)
        {
            line = line with { Message = line.Message[..charactersMax] };
        }

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

/// <summary>Copies what a handler logs into its attempt's log, whatever other providers do with it.</summary>
/// <param name="time">Stamps the lines.</param>
[ProviderAlias("LovageAttempt")]
internal sealed class AttemptLoggerProvider(TimeProvider time) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new AttemptLogger(categoryName, time);

    public void Dispose()
    {
    }

    private sealed class AttemptLogger(string category, TimeProvider time) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) =>
            logLevel != LogLevel.None && JobAttempt.Current is { KeepsLog: true };

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.None || JobAttempt.Current is not { KeepsLog: true } attempt)
            {
                return;
            }

            attempt.Log.Add(new LogLine(
                time.GetUtcNow(), (int)logLevel, category, Text(state, exception, formatter)));
        }

        [SuppressMessage("Design", "CA1031", Justification = "A line that cannot be read must not fail its attempt.")]
        private static string Text<TState>(
            TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            string text;
            try
            {
                text = formatter(state, exception);
            }
            catch (Exception fault)
            {
                text = $"(the line's own text could not be read: {fault.GetType().FullName})";
            }

            if (exception is null)
            {
                return text;
            }

            var error = JobError.From(exception);
            return $"{text}\n{error.Type}: {error.Message}";
        }
    }
}
