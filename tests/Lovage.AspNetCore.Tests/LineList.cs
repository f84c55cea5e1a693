using System.Collections;
using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Lovage.AspNetCore.Tests;

/// <summary>What an app logged, oldest first.</summary>
internal sealed class LineList : ILoggerProvider, ILogger, IEnumerable<(LogLevel Level, string Text, Exception? Error)>
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text, Exception? Error)> _lines = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue((logLevel, formatter(state, exception), exception));

    public IEnumerator<(LogLevel Level, string Text, Exception? Error)> GetEnumerator() => _lines.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose()
    {
    }
}
