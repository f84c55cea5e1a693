using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Lovage;

/// <summary>Checks which texts may be an id, a job name, a queue name, a header or a tag.</summary>
internal static class JobNames
{
    internal const int IdLengthMax = 128;
    internal const int NameLengthMax = 255;
    internal const int QueueLengthMax = 64;
    internal const int HeaderCountMax = 64;
    internal const int HeaderBytesMax = 8 * 1024;
    internal const int TagCountMax = 8;
    internal const int TagLengthMax = 64;

    private static readonly SearchValues<char> IdCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-");

    private static readonly SearchValues<char> QueueCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    // A Python task name is a dotted path; a lambda's holds <lambda>, a class's may hold brackets.
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:<>[]/");

    internal static bool IsId([NotNullWhen(true)] string? value) => Is(value, IdLengthMax, IdCharacters);

    internal static bool IsName([NotNullWhen(true)] string? value) => Is(value, NameLengthMax, NameCharacters);

    internal static bool IsQueue([NotNullWhen(true)] string? value) =>
        Is(value, QueueLengthMax, QueueCharacters) && !IsReserved(value);

    internal static string Name(string value) =>
        IsName(value)
            ? value
            : throw new ArgumentException(
                $"'{Shown(value)}' is not a job name: 1 to {NameLengthMax} characters of A-Z a-z 0-9 . _ - : < > [ ] "
                    + "/ are expected.",
                nameof(value));

    internal static string Queue(string value) =>
        IsQueue(value)
            ? value
            : throw new ArgumentException(
                $"'{Shown(value)}' is not a queue name: 1 to {QueueLengthMax} characters of A-Z a-z 0-9 . _ - are "
                    + "expected, and names that Celery or RabbitMQ keep for themselves (unacked, _kombu.*, amq.*, "
                    + "celery-task-meta-*) are refused.",
                nameof(value));

    internal static void Headers(IReadOnlyDictionary<string, string> headers)
    {
        if (headers.Count > HeaderCountMax)
        {
            throw new ArgumentException(
                $"{headers.Count} headers were given; at most {HeaderCountMax} are allowed. Put data into the "
                    + "arguments.",
                nameof(headers));
        }

        var bytes = 0L;
        foreach (var (key, value) in headers)
        {
            if (string.IsNullOrEmpty(key)
                || value is null
                || key.AsSpan().ContainsAny('\r', '\n', '\0')
                || value.AsSpan().ContainsAny('\r', '\n', '\0'))
            {
                throw new ArgumentException(
                    $"Header '{Shown(key)}' is refused: a name must not be empty, and neither name nor value may hold "
                        + "CR, LF or NUL.",
                    nameof(headers));
            }

            bytes += System.Text.Encoding.UTF8.GetByteCount(key) + System.Text.Encoding.UTF8.GetByteCount(value);
        }

        if (bytes > HeaderBytesMax)
        {
            throw new ArgumentException(
                $"The headers hold {bytes} bytes; at most {HeaderBytesMax} are allowed. Put data into the arguments.",
                nameof(headers));
        }
    }

    /// <summary>
    /// True for 1 to 64 characters without a control character or half of a character: every storage keeps such a text
    /// to the letter.
    /// </summary>
    internal static bool IsTag([NotNullWhen(true)] string? value) => value is not null && IsShort(value, TagLengthMax);

    /// <summary>True for a text of 1 to so many characters that every storage keeps to the letter.</summary>
    internal static bool IsShort(string value, int lengthMax)
    {
        if (value.Length == 0 || value.Length > lengthMax)
        {
            return false;
        }

        for (var i = 0; i < value.Length; i++)
        {
            var isPair = i + 1 < value.Length && char.IsSurrogatePair(value[i], value[i + 1]);
            if (char.IsControl(value[i]) || (char.IsSurrogate(value[i]) && !isPair))
            {
                return false;
            }

            i += isPair ? 1 : 0;
        }

        return true;
    }

    internal static string Tag(string value) =>
        IsTag(value)
            ? value
            : throw new ArgumentException(
                $"'{Shown(value)}' is not a tag: 1 to {TagLengthMax} characters are expected, and no control "
                    + "characters.",
                nameof(value));

    /// <summary>Checks tags; duplicates collapse, and the order stays.</summary>
    internal static ImmutableArray<string> Tags(IReadOnlyList<string> tags)
    {
        var kept = ImmutableArray.CreateBuilder<string>(Math.Min(tags.Count, TagCountMax));
        for (var i = 0; i < tags.Count; i++)
        {
            var tag = Tag(tags[i]);
            if (kept.Contains(tag))
            {
                continue;
            }

            if (kept.Count == TagCountMax)
            {
                throw new ArgumentException(
                    $"More than {TagCountMax} tags were given. Put what is not searched for into headers.",
                    nameof(tags));
            }

            kept.Add(tag);
        }

        return tags is ImmutableArray<string> same && same.Length == kept.Count ? same : kept.DrainToImmutable();
    }

    /// <summary>Refuses the default value, which no text can make.</summary>
    /// <exception cref="ArgumentException">It is the default value.</exception>
    internal static JobId CheckId(JobId id, string parameter) => id != default
        ? id
        : throw new ArgumentException(
            "The id is default(JobId), which names no job. Make one with JobId.Parse, and look at the answer of "
                + "JobId.TryParse.",
            parameter);

    /// <summary>
    /// Makes untrusted text safe for a message: escapes control characters and cuts the text, by default at 80
    /// characters.
    /// </summary>
    internal static string Shown(string? value, int lengthMax = 80)
    {
        if (value is null)
        {
            return "(null)";
        }

        var text = TextCut.Of(value, lengthMax + 3);
        return text.AsSpan().ContainsAnyInRange('\0', '\u001f') || text.AsSpan().ContainsAnyInRange('\u007f', '\u009f')
            ? string.Concat(text.Select(c => char.IsControl(c) ? $"\\u{(int)c:x4}" : c.ToString()))
            : text;
    }

    private static bool Is([NotNullWhen(true)] string? value, int lengthMax, SearchValues<char> allowed) =>
        value is { Length: > 0 } && value.Length <= lengthMax && !value.AsSpan().ContainsAnyExcept(allowed);

    private static bool IsReserved(string value) =>
        value is "unacked" or "unacked_index" or "unacked_mutex"
        || value.StartsWith("_kombu.", StringComparison.Ordinal)
        || value.StartsWith("amq.", StringComparison.Ordinal)
        || value.StartsWith("celery-task-meta-", StringComparison.Ordinal);
}
