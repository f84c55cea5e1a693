using System.Collections.Concurrent;
using Lovage.Storage;
using Microsoft.Extensions.Logging;

namespace Lovage.Tests.Spawning;

/// <summary>What an app logged, to look at and to wait for.</summary>
internal sealed class TestLog : ILoggerProvider, ILogger
{
    internal const int Succeeded = 4001;
    internal const int Retried = 4002;
    internal const int Failed = 4003;
    internal const int Cancelled = 4004;
    internal const int Dropped = 4005;
    internal const int Draining = 4006;
    internal const int LeftBehind = 4007;
    internal const int HandlerFailed = 4008;
    internal const int Cancelling = 4009;

    /// <summary>How long a test waits for what must come.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<Line> _lines = new();
    private readonly WakeUp _came = new();

    /// <summary>All of it, oldest first.</summary>
    public IReadOnlyCollection<Line> Lines => _lines;

    /// <summary>Messages with this event id.</summary>
    public IEnumerable<Line> Of(int id) => _lines.Where(line => line.Id == id);

    public void Clear() => _lines.Clear();

    public async Task WaitForAsync(int id)
    {
        while (true)
        {
            var seen = _came.Version;
            if (Of(id).Any())
            {
                return;
            }

            var isWoken = await _came.WaitAsync(
                seen, Patience, TimeProvider.System, Xunit.TestContext.Current.CancellationToken);
            Xunit.Assert.True(isWoken, $"Event {id} was never logged. {string.Join('\n', _lines)}");
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

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
        _lines.Enqueue(new Line(eventId.Id, logLevel, formatter(state, exception), exception));
        _came.Pulse();
    }

    public void Dispose()
    {
    }

    internal sealed record Line(int Id, LogLevel Level, string Message, Exception? Error);
}
