using System.Runtime.InteropServices;
using Lovage.PostgreSql.Connections;
using Lovage.Protocol;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Schema;

/// <summary>
/// A message as columns of <c>message</c> or <c>schedule</c>, both ways. Fields that are rarely set share one JSON
/// column.
/// </summary>
internal static class MessageRow
{
    /// <summary>Of <c>message m</c> and its words; a schedule's job has the same.</summary>
    internal const string Columns =
        "m.id, n.text, q.text, m.priority, m.flags, m.retries, m.enqueued_at, m.delay, m.eta, m.expires, "
            + "m.max_attempts, m.body, m.more, m.extra, o.text";

    /// <summary>The same, with the numbers of the words in place of their texts.</summary>
    internal const string NumberedColumns =
        "m.id, m.name, m.queue, m.priority, m.flags, m.retries, m.enqueued_at, m.delay, m.eta, m.expires, "
            + "m.max_attempts, m.body, m.more, m.extra, m.origin";

    internal const int ColumnCount = 15;

    internal const string Words =
        "LEFT JOIN lovage.word n ON n.id = m.name LEFT JOIN lovage.word q ON q.id = m.queue LEFT JOIN lovage.word o "
            + "ON o.id = m.origin";

    // An index bounds what it holds at a third of a page.
    private const int WordLengthMax = 512;

    /// <summary>The words that <see cref="Add"/> needs.</summary>
    internal static HashSet<string> WordsOf(IReadOnlyList<JobMessage> messages)
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < messages.Count; i++)
        {
            words.Add(messages[i].Name);
            words.Add(messages[i].Queue);
            if (messages[i].Origin is { } origin && IsWord(origin))
            {
                words.Add(origin);
            }
        }

        return words;
    }

    /// <summary>
    /// Adds 14 parameters, an array each: id, name, queue, priority, flags, retries, delay, eta, expires, max_attempts,
    /// body, more, extra, origin.
    /// </summary>
    internal static Statement Add(
        Statement statement, IReadOnlyList<JobMessage> messages, IReadOnlyDictionary<string, int> words) =>
        statement.Add(Column<string?>(messages, static message => message.Id.Value))
            .Add(Column(messages, message => words[message.Name]))
            .Add(Column(messages, message => words[message.Queue]))
            .Add(Column(messages, static message => message.Priority))
            .Add(Column(messages, Flags))
            .Add(Column(messages, static message => message.Retries))
            .Add(Column(messages, static message => message.Delay == TimeSpan.Zero ? (long?)null : message.Delay.Ticks))
            .Add(Column(messages, static message => StorageTime.From(message.Eta)))
            .Add(Column(messages, static message => StorageTime.From(message.Expires)))
            .Add(Column(messages, static message => message.MaxAttempts))
            .Add(Column<byte[]?>(messages, static message => Array(message.Body)))
            .Add(Column(messages, More))
            .Add(Column(messages, static message => message.Extra.IsEmpty ? null : Array(message.Extra)))
            .Add(Column(messages, message => Origin(message, words)));

    /// <summary>
    /// True for messages that are ready at once, do not expire, and have priority, flags, retries, attempts and origin
    /// in common.
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

    /// <summary>
    /// Adds 11 parameters for messages that <see cref="ArePlain"/>: an array each of id, name, queue, body, more and
    /// key, then priority, flags, retries, max_attempts and origin of all.
    /// </summary>
    internal static Statement AddPlain(
        Statement statement,
        IReadOnlyList<JobMessage> messages,
        long[]? keys,
        IReadOnlyDictionary<string, int> words) =>
        statement.Add(Column<string?>(messages, static message => message.Id.Value))
            .Add(Column(messages, message => words[message.Name]))
            .Add(Column(messages, message => words[message.Queue]))
            .Add(Column<byte[]?>(messages, static message => Array(message.Body)))
            .Add(Column(messages, More))
            .Add(keys)
            .Add(messages[0].Priority)
            .Add(Flags(messages[0]))
            .Add(messages[0].Retries)
            .Add(messages[0].MaxAttempts)
            .Add(Origin(messages[0], words));

    /// <summary>Reads <see cref="Columns"/> from the column given on.</summary>
    internal static JobMessage Read(NpgsqlDataReader row, int first, int? retries = null) =>
        Read(row, first, retries, row.TextOrNull(first + 1), row.TextOrNull(first + 2), row.TextOrNull(first + 14));

    /// <summary>
    /// Reads <see cref="Columns"/> or <see cref="NumberedColumns"/> from the column given on, with the words given.
    /// </summary>
    internal static JobMessage Read(
        NpgsqlDataReader row, int first, int? retries, string? name, string? queue, string? origin)
    {
        var flags = row.GetInt16(first + 4);
        var message = new JobMessage
        {
            Id = JobId.TryParse(row.GetString(first), out var id) ? id : default,
            Name = name ?? "",
            Queue = queue ?? "",
            Priority = row.GetInt32(first + 3),
            IgnoreResult = MessageColumns.IgnoresResult(flags),
            HasChosenId = MessageColumns.HasChosenId(flags),
            Retries = retries ?? row.GetInt32(first + 5),
            Delay = new TimeSpan(row.Int64OrNull(first + 7) ?? 0),
            Eta = StorageTime.To(row.Int64OrNull(first + 8)),
            Expires = StorageTime.To(row.Int64OrNull(first + 9)),
            MaxAttempts = row.Int32OrNull(first + 10),
            Body = row.Bytes(first + 11),
            Extra = row.Bytes(first + 13),
            Origin = origin,
        };
        return MessageColumns.WithMore(message, row.Bytes(first + 12));
    }

    private static short Flags(JobMessage message) => (short)MessageColumns.Flags(message);

    private static byte[]? More(JobMessage message) =>
        MessageColumns.More(message, withOrigin: !IsWord(message.Origin)) is { Length: > 0 } more ? more : null;

    private static int? Origin(JobMessage message, IReadOnlyDictionary<string, int> words) =>
        message.Origin is { } origin && IsWord(origin) ? words[origin] : null;

    private static bool IsWord(string? origin) => origin is null || origin.Length <= WordLengthMax;

    /// <summary>The memory itself where it is an array, since nobody may change it.</summary>
    private static byte[] Array(ReadOnlyMemory<byte> memory) =>
        MemoryMarshal.TryGetArray(memory, out var segment)
            && segment.Offset == 0
            && segment.Count == segment.Array!.Length ? segment.Array : memory.ToArray();

    private static T[] Column<T>(IReadOnlyList<JobMessage> messages, Func<JobMessage, T> value)
    {
        var column = new T[messages.Count];
        for (var i = 0; i < column.Length; i++)
        {
            column[i] = value(messages[i]);
        }

        return column;
    }
}
