namespace Lovage;

/// <summary>An exception as data: names and text only, so that nothing read back can name a type to load.</summary>
/// <param name="Type">The exception's type name, as <c>System.InvalidOperationException</c> or Python's
/// <c>ValueError</c>.</param>
/// <param name="Message">Its message, at most 16 KiB.</param>
/// <param name="Traceback">Its stack trace with those of its causes, at most 16 KiB; null when there is none.</param>
public sealed record JobError(string Type, string Message, string? Traceback)
{
    internal const int TextLengthMax = 16 * 1024;
    private const int CausesMax = 10;

    /// <summary>
    /// What tells errors of one cause apart from others: 16 hexadecimal digits, made of the job's name, the type, and
    /// the topmost frame of the traceback that is not of the framework. The message and line numbers do not count.
    /// </summary>
    /// <param name="name">The job's name.</param>
    public string Fingerprint(string name) => ErrorFingerprint.Of(name, this);

    /// <summary>Describes an exception. Never throws, whatever the exception's own members do.</summary>
    /// <param name="exception">What was thrown.</param>
    public static JobError From(Exception exception) => From(exception, null);

    /// <summary>Describes an exception without the secrets of its job.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="secrets">The secrets; null for none.</param>
    internal static JobError From(Exception exception, SecretTexts? secrets)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var type = exception.GetType();
        var (message, trace) = (Safely(static e => e.Message, exception), Trace(exception, secrets));
        return new JobError(type.FullName ?? type.Name, Cut(message, secrets), Cut(trace, secrets));
    }

    private static string Trace(Exception exception, SecretTexts? secrets)
    {
        var text = new System.Text.StringBuilder();

        // Depth first: a cause follows what it caused, and the errors of an aggregate follow each other.
        var open = new Stack<Exception>([exception]);
        for (var count = 0; count < CausesMax && text.Length < TextLengthMax && open.TryPop(out var current); count++)
        {
            if (count > 0)
            {
                text.Append("\n--- caused by ")
                    .Append(current.GetType().FullName)
                    .Append(": ")
                    .Append(Cut(Safely(static e => e.Message, current), secrets))
                    .Append('\n');
            }

            text.Append(Safely(static e => e.StackTrace ?? "", current));
            if (current is AggregateException many)
            {
                foreach (var inner in many.InnerExceptions.Reverse())
                {
                    open.Push(inner);
                }
            }
            else if (current.InnerException is { } cause)
            {
                open.Push(cause);
            }
        }

        return text.ToString();
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage(
        "Design", "CA1031", Justification = "A user's exception class may throw from Message or StackTrace.")]
    private static string Safely(Func<Exception, string?> read, Exception exception)
    {
        try
        {
            return read(exception) ?? "";
        }
        catch (Exception fault)
        {
            return $"(the exception's own text could not be read: {fault.GetType().FullName})";
        }
    }

    // Secrets go before the text is cut: half of one is not found.
    private static string Cut(string text, SecretTexts? secrets) => TextCut.Of(
        secrets is null ? text : secrets.Clean(TextCut.Bare(text, TextLengthMax * 4)), TextLengthMax);
}
