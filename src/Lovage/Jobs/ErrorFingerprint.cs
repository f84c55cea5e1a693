using System.Security.Cryptography;
using System.Text;

namespace Lovage;

/// <summary>Groups errors by their cause: the job's name, the exception's type, and where user code stood.</summary>
/// <remarks>Pure. Fingerprints are stored: a change of the rule starts new groups.</remarks>
internal static class ErrorFingerprint
{
    private static readonly string[] Framework =
    [
        "System.", "Microsoft.", "Lovage.", "Npgsql.", "StackExchange.Redis.", "RabbitMQ.Client.", "Polly.",
    ];

    internal static string Of(string name, JobError error)
    {
        var text = $"{name}\n{error.Type}\n{Frame(error) ?? ""}";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
    }

    /// <summary>
    /// The topmost frame of user code without its place in a file, such as <c>Shop.MailJobs.WelcomeAsync</c>. The
    /// topmost frame of all when each is the framework's; null without a traceback.
    /// </summary>
    internal static string? Frame(JobError error)
    {
        string? first = null;
        foreach (var line in (error.Traceback ?? "").AsSpan().EnumerateLines())
        {
            if (Method(line.Trim()) is { } method)
            {
                if (IsUser(method))
                {
                    return method;
                }

                first ??= method;
            }
        }

        return first ?? PythonFrame(error.Traceback);
    }

    /// <summary>True when a frame's method is none of the framework or of Lovage.</summary>
    internal static bool IsUser(ReadOnlySpan<char> method)
    {
        foreach (var prefix in Framework)
        {
            if (method.StartsWith(prefix, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The method of a line such as <c>at A.B.M(String x) in file:line 3</c>; null for another line.</summary>
    internal static string? Method(ReadOnlySpan<char> line)
    {
        if (!line.StartsWith("at ", StringComparison.Ordinal))
        {
            return null;
        }

        var rest = line[3..];
        var end = rest.IndexOf('(');
        return (end < 0 ? rest : rest[..end]).ToString();
    }

    /// <summary>Python writes the innermost frame last: <c>File "tasks.py", line 3, in add</c>.</summary>
    private static string? PythonFrame(string? traceback)
    {
        string? last = null;
        foreach (var raw in (traceback ?? "").AsSpan().EnumerateLines())
        {
            var line = raw.Trim();
            if (line.StartsWith("File \"", StringComparison.Ordinal)
                && line[6..].IndexOf('"') is > 0 and var file
                && line.LastIndexOf(", in ") is > 0 and var method)
            {
                last = $"{line.Slice(6, file)} {line[(method + 5)..]}";
            }
        }

        return last;
    }
}
