using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Lovage;

/// <summary>
/// The texts of a job's sensitive arguments, which it takes out of what the worker stores, logs or traces.
/// </summary>
/// <remarks>
/// Immutable, safe for use by several threads. A text is found where it stands as in the JSON: each string and number
/// of 4 characters or more, each line of a string, and a beginning of it that was cut. Other forms of it, such as
/// Base64, are not found.
/// </remarks>
internal sealed class SecretTexts
{
    private const int LengthMin = 4;
    private const int CountMax = 256;

    // How much of a longer text is enough to know it by: anywhere, and where the text around it was cut.
    private const int BeginningMin = 16;
    private const int CutBeginningMin = 8;

    private readonly ImmutableArray<string> _secrets;

    private SecretTexts(IEnumerable<string> secrets, bool hidesAll)
    {
        _secrets = [.. secrets.OrderByDescending(static secret => secret.Length).ThenBy(
            static secret => secret, StringComparer.Ordinal)];
        HidesAll = hidesAll;
    }

    /// <summary>For arguments that cannot be read: every text is hidden as a whole.</summary>
    internal static SecretTexts Unknown { get; } = new([], hidesAll: true);

    private bool HidesAll { get; }

    /// <summary>The secrets of a body.</summary>
    /// <param name="body">The body, <c>[args, kwargs, embed]</c>.</param>
    /// <param name="names">The names of its sensitive arguments.</param>
    /// <returns>Null when no argument is sensitive.</returns>
    internal static SecretTexts? Of(ReadOnlyMemory<byte> body, ImmutableArray<string> names)
    {
        if (names.IsDefaultOrEmpty)
        {
            return null;
        }

        var secrets = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            new SensitiveValues(names).Visit(body, value => Collect(value, secrets));
        }
        catch (Exception fault) when (SensitiveValues.IsMalformed(fault))
        {
            return Unknown;
        }

        return secrets.Count > CountMax ? Unknown : new SecretTexts(secrets, hidesAll: false);
    }

    /// <summary>The secrets of a result.</summary>
    /// <param name="result">The result as JSON.</param>
    /// <param name="names">The names of what is sensitive, those of arguments included.</param>
    /// <returns>Null when nothing of it is sensitive.</returns>
    internal static SecretTexts? OfResult(ReadOnlyMemory<byte> result, ImmutableArray<string> names)
    {
        if (names.IsEmpty || result.IsEmpty)
        {
            return null;
        }

        var values = new SensitiveValues(names);
        if (values.InResult is { IsEmpty: true })
        {
            return null;
        }

        var secrets = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            values.VisitResult(result, value => Collect(value, secrets));
        }
        catch (Exception fault) when (SensitiveValues.IsMalformed(fault))
        {
            return Unknown;
        }

        return secrets.Count > CountMax ? Unknown : new SecretTexts(secrets, hidesAll: false);
    }

    /// <summary>The text with each secret replaced; the same object when it holds none.</summary>
    internal string Clean(string text)
    {
        if (HidesAll)
        {
            return SensitiveValues.Hidden;
        }

        foreach (var secret in _secrets)
        {
            text = Without(text, secret);
        }

        return text;
    }

    /// <summary>The same for a text that may be missing.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    internal string? CleanOrNull(string? text) => text is null ? null : Clean(text);

    /// <summary>The error for a log: itself, or another one with its texts cleaned when they hold a secret.</summary>
    [return: NotNullIfNotNull(nameof(error))]
    internal Exception? Clean(Exception? error) => error is null || !Holds(error) ? error : new HiddenException(
        JobError.From(error, this));

    /// <summary>True when the texts of an error hold a secret, or cannot be read.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "A user's exception class may throw from its members.")]
    internal bool Holds(Exception error)
    {
        try
        {
            var text = error.ToString();
            return !ReferenceEquals(Clean(text), text);
        }
        catch (Exception)
        {
            return true;
        }
    }

    private static void Collect(JsonElement value, HashSet<string> secrets)
    {
        // One more than are used is enough to know that they are too many.
        if (secrets.Count > CountMax)
        {
            return;
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                var text = value.GetString()!;
                Add(text, secrets);
                Add(value.GetRawText()[1..^1], secrets);
                if (text.AsSpan().ContainsAny('\r', '\n'))
                {
                    foreach (var line in text.Split('\r', '\n'))
                    {
                        Add(line, secrets);
                    }
                }

                break;
            case JsonValueKind.Number:
                Add(value.GetRawText(), secrets);
                break;
            case JsonValueKind.Array:
                foreach (var element in value.EnumerateArray())
                {
                    Collect(element, secrets);
                }

                break;
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    Collect(member.Value, secrets);
                }

                break;
            default:
                break;
        }
    }

    private static void Add(string text, HashSet<string> secrets)
    {
        var bare = text.Trim();
        if (bare.Length >= LengthMin && secrets.Count <= CountMax)
        {
            secrets.Add(bare);
        }
    }

    private static string Without(string text, string secret)
    {
        var head = secret.AsSpan(0, Math.Min(secret.Length, CutBeginningMin));
        StringBuilder? clean = null;
        var (from, start) = (0, 0);
        while (text.AsSpan(start).IndexOf(head, StringComparison.Ordinal) is var at && at >= 0)
        {
            at += start;
            var length = text.AsSpan(at).CommonPrefixLength(secret);
            if (length < secret.Length && length < BeginningMin && !IsCut(text.AsSpan(at + length)))
            {
                start = at + 1;
                continue;
            }

            clean ??= new StringBuilder(text.Length);
            clean.Append(text, from, at - from).Append(SensitiveValues.Hidden);
            from = start = at + length;
        }

        return clean is null ? text : clean.Append(text, from, text.Length - from).ToString();
    }

    private static bool IsCut(ReadOnlySpan<char> rest) =>
        rest.IsEmpty || rest.StartsWith("...", StringComparison.Ordinal);

    /// <summary>An error whose texts held a secret, for the app's log providers.</summary>
    [SuppressMessage("Design", "CA1064", Justification = "It is logged and never thrown.")]
    private sealed class HiddenException(JobError error) : Exception($"{error.Type}: {error.Message}")
    {
        public override string? StackTrace => error.Traceback;

        public override string ToString() => $"{Message}\n{error.Traceback}";
    }
}
