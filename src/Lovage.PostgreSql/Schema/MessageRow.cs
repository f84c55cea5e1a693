using System.Runtime.InteropServices;
using Lovage.PostgreSql.Commands;
using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.PostgreSql.Schema;

/// <summary>
/// A message as columns of <c>message</c> or <c>schedule</c>. Rarely set fields share one JSON column.
/// </summary>
internal static class MessageRow
{
    /// <summary>Of <c>message m</c> and its words, as <see cref="MessageColumns.Read"/> reads them.</summary>
    internal const string Columns =
        "m.id, n.text, q.text, m.priority, m.flags, m.retries, m.enqueued_at, m.delay, m.eta, m.expires, "
            + "m.max_attempts, m.body, m.more, m.extra, o.text";

    /// <summary>The same, with the numbers of the words in place of their texts.</summary>
    internal const string NumberedColumns =
        "m.id, m.name, m.queue, m.priority, m.flags, m.retries, m.enqueued_at, m.delay, m.eta, m.expires, "
            + "m.max_attempts, m.body, m.more, m.extra, m.origin";

    internal const string Words =
        "LEFT JOIN lovage.word n ON n.id = m.name LEFT JOIN lovage.word q ON q.id = m.queue LEFT JOIN lovage.word o "
            + "ON o.id = m.origin";

    // An index holds nothing that is longer than a third of a page.
    private const int WordLengthMax = 512;

    /// <summary>The words whose numbers the columns of messages hold.</summary>
    internal static HashSet<string> WordsOf(IReadOnlyList<JobMessage> messages)
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < messages.Count; i++)
        {
            words.Add(messages[i].Name);
            words.Add(messages[i].Queue);
            if (Origin(messages[i]) is { } origin)
            {
                words.Add(origin);
            }
        }

        return words;
    }

    /// <summary>
    /// The columns of messages; <c>priority</c> is the message's own, and the words are those of <see cref="WordsOf"/>.
    /// </summary>
    internal static Input<JobMessage> Input() => new Input<JobMessage>()
        .Text("id", static message => message.Id.Value)
        .Word("name", static message => message.Name)
        .Word("queue", static message => message.Queue)
        .Int32("priority", static message => message.Priority)
        .Int16("flags", Flags)
        .Int32("retries", static message => message.Retries)
        .Int64OrNull("delay", static message => message.Delay == TimeSpan.Zero ? null : message.Delay.Ticks)
        .Int64OrNull("eta", static message => StorageTime.From(message.Eta))
        .Int64OrNull("expires", static message => StorageTime.From(message.Expires))
        .Int32OrNull("max_attempts", static message => message.MaxAttempts)
        .BytesOrNull("body", static message => Array(message.Body))
        .BytesOrNull("more", More)
        .BytesOrNull("extra", static message => message.Extra.IsEmpty ? null : Array(message.Extra))
        .WordOrNull("origin", Origin);

    /// <summary>The columns in which messages differ that <see cref="ArePlain"/>.</summary>
    internal static Input<JobMessage> PlainInput() => new Input<JobMessage>()
        .Text("id", static message => message.Id.Value)
        .Word("name", static message => message.Name)
        .Word("queue", static message => message.Queue)
        .BytesOrNull("body", static message => Array(message.Body))
        .BytesOrNull("more", More);

    /// <summary>
    /// Adds what messages that <see cref="ArePlain"/> have in common: priority, flags, retries, max_attempts and
    /// origin.
    /// </summary>
    internal static Statement AddCommon(
        Statement statement, JobMessage message, IReadOnlyDictionary<string, int> words) =>
        statement.Add(message.Priority)
            .Add(Flags(message))
            .Add(message.Retries)
            .Add(message.MaxAttempts)
            .Add(Origin(message) is { } origin ? words[origin] : (int?)null);

    /// <summary>
    /// True for messages that are ready at once, do not expire, and agree in priority, flags, retries, attempts and
    /// origin.
    /// </summary>
    internal static bool ArePlain(IReadOnlyList<JobMessage> messages)
    {
        var first = messages[0];
        var flags = Flags(first);
        for (var i = 0; i < messages.Count; i++)
        {
            var message = messages[i];
            if (message.Delay > TimeSpan.Zero
                || message.Eta is not null
                || message.Expires is not null
                || !message.Extra.IsEmpty
                || message.Priority != first.Priority
                || message.Retries != first.Retries
                || message.MaxAttempts != first.MaxAttempts
                || Flags(message) != flags
                || message.Origin != first.Origin)
            {
                return false;
            }
        }

        return true;
    }

    private static short Flags(JobMessage message) => (short)MessageColumns.Flags(message);

    private static byte[]? More(JobMessage message) =>
        MessageColumns.More(message, withOrigin: !IsWord(message.Origin)) is { Length: > 0 } more ? more : null;

    private static string? Origin(JobMessage message) => IsWord(message.Origin) ? message.Origin : null;

    private static bool IsWord(string? origin) => origin is null || origin.Length <= WordLengthMax;

    /// <summary>The memory as an array: itself where it is one, since no caller may change it.</summary>
    private static byte[] Array(ReadOnlyMemory<byte> memory) =>
        MemoryMarshal.TryGetArray(memory, out var segment)
            && segment.Offset == 0
            && segment.Count == segment.Array!.Length ? segment.Array : memory.ToArray();
}
