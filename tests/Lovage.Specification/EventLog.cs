using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Lovage.Specification;

/// <summary>Keeps the lines that an app logs, with the numbers of the events.</summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class EventLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(int Event, string Text)> _lines = [];
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _first = new();

    internal IEnumerable<(int Event, string Text)> All => _lines;

    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        _lines.Enqueue((eventId.Id, formatter(state, exception)));
        First(eventId.Id).TrySetResult();
    }

    /// <summary>Ends with the first line of an event.</summary>
    internal Task FirstAsync(int id) => First(id).Task;

    private TaskCompletionSource First(int id) => _first.GetOrAdd(
        id, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
