using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace Lovage.Execution;

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
                time.GetUtcNow(), (int)logLevel, category, Text(state, exception, formatter, attempt.Secrets)));
        }

        [SuppressMessage("Design", "CA1031", Justification = "A line that cannot be read must not fail its attempt.")]
        private static string Text<TState>(
            TState state, Exception? exception, Func<TState, Exception?, string> formatter, SecretTexts? secrets)
        {
            string text;
            try
            {
                // The signature forbids null; formatters give it all the same.
                text = formatter(state, exception) ?? "";
            }
            catch (Exception fault)
            {
                text = $"(the line's own text could not be read: {fault.GetType().FullName})";
            }

            text = secrets is null ? text : secrets.Clean(text);
            if (exception is null)
            {
                return text;
            }

            var error = JobError.From(exception, secrets);
            return $"{text}\n{error.Type}: {error.Message}";
        }
    }
}
