using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace Lovage.Diagnostics;

/// <summary>A logger that never throws, whatever its providers, formatters and the logged values do.</summary>
/// <remarks>Safe for use by several threads.</remarks>
[SuppressMessage("Design", "CA1031", Justification = "A logger's fault stays the logger's.")]
internal sealed class GuardedLogger(ILogger inner) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
    {
        try
        {
            return inner.BeginScope(state);
        }
        catch (Exception)
        {
            Unfailing.CountFault();
            return null;
        }
    }

    public bool IsEnabled(LogLevel logLevel)
    {
        try
        {
            return inner.IsEnabled(logLevel);
        }
        catch (Exception)
        {
            Unfailing.CountFault();
            return false;
        }
    }

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        try
        {
            inner.Log(logLevel, eventId, state, exception, formatter);
        }
        catch (Exception)
        {
            Unfailing.CountFault();
        }
    }
}
