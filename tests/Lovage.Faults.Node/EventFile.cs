using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Lovage.Faults.Node;

/// <summary>
/// Writes log events to a file, one line each, as they happen: event id, level, text, error. Leaves out the line that
/// each succeeded attempt makes.
/// </summary>
internal sealed class EventFile(string path) : ILoggerProvider
{
    private const int JobSucceeded = 2001;

    private readonly LineFile _file = new(path);

    public ILogger CreateLogger(string categoryName) => new Logger(_file, categoryName);

    public void Dispose() => _file.Dispose();

    private sealed class Logger(LineFile file, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id != JobSucceeded)
            {
                var text = $"{formatter(state, exception)} {exception}".ReplaceLineEndings(" | ");
                file.Append(string.Create(CultureInfo.InvariantCulture, $"{eventId.Id} {logLevel} {category}: {text}"));
            }
        }
    }
}
