using System.Collections.Concurrent;
using Lovage.Storage;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Lovage.AspNetCore.Tests.Sites;

/// <summary>What an app logged, to look at and to wait for.</summary>
internal sealed class TestLog : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<Line> _lines = new();
    private readonly WakeUp _came = new();

    /// <summary>All of it, oldest first.</summary>
    public IReadOnlyCollection<Line> Lines => _lines;

    /// <summary>Messages with this event id.</summary>
    public IEnumerable<Line> Of(int id) => _lines.Where(line => line.Id == id);

    public async Task WaitForAsync(int id)
    {
        while (true)
        {
            var seen = _came.Version;
            if (Of(id).Any())
            {
                return;
            }

            Assert.True(await _came.WaitAsync(seen, TestSite.Patience, TimeProvider.System, TestContext.Current.CancellationToken), $"Event {id} was never logged. {string.Join('\n', _lines)}");
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        _lines.Enqueue(new Line(eventId.Id, logLevel, formatter(state, exception), exception));
        _came.Pulse();
    }

    public void Dispose()
    {
    }

    internal sealed record Line(int Id, LogLevel Level, string Message, Exception? Error);
}
