using Lovage.Protocol;
using Lovage.Sqlite.Native;
using Lovage.Storage;

namespace Lovage.Sqlite.Schema;

/// <summary>
/// A message as columns of <c>job</c> or <c>schedule</c>, both ways. Fields that are rarely set share one JSON column.
/// </summary>
internal static class MessageRow
{
    /// <summary>Binds parameters 2 to 16 of <see cref="Sql.InsertJob"/>, and of a schedule's job.</summary>
    internal static void Bind(SqliteStatement insert, JobMessage message, long name, long queue, long now, long? origin)
    {
        // Whatever can throw comes before the first binding.
        var more = MessageColumns.More(message, withOrigin: false);
        insert.Bind(2, message.Id.Value)
            .Bind(3, name)
            .Bind(4, queue)
            .Bind(5, message.Priority)
            .Bind(6, (long)MessageColumns.Flags(message))
            .Bind(7, message.Retries)
            .Bind(8, now)
            .Bind(9, message.Delay == TimeSpan.Zero ? null : message.Delay.Ticks)
            .Bind(10, StorageTime.From(message.Eta))
            .Bind(11, StorageTime.From(message.Expires))
            .Bind(12, message.MaxAttempts)
            .BindBlob(13, message.Body.Span)
            .BindSome(14, more)
            .BindSome(15, message.Extra.Span)
            .Bind(16, origin);
    }

    /// <summary>
    /// Reads <see cref="Sql.JobColumns"/> from the column given on, or the same of a schedule's job, which needs no id.
    /// </summary>
    internal static JobMessage Read(SqliteStatement row, int first, WordLookup words, int? retries)
    {
        var flags = row.Int32(first + 4);
        var message = new JobMessage
        {
            Id = JobId.TryParse(row.Text(first), out var id) ? id : default,
            Name = words.Text(row.Int64(first + 1)),
            Queue = words.Text(row.Int64(first + 2)),
            Priority = row.Int32(first + 3),
            IgnoreResult = MessageColumns.IgnoresResult(flags),
            HasChosenId = MessageColumns.HasChosenId(flags),
            Retries = retries ?? row.Int32(first + 5),
            Delay = new TimeSpan(row.Int64(first + 7)),
            Eta = StorageTime.To(row.Int64OrNull(first + 8)),
            Expires = StorageTime.To(row.Int64OrNull(first + 9)),
            MaxAttempts = (int?)row.Int64OrNull(first + 10),
            Body = row.Bytes(first + 11).ToArray(),
            Extra = row.Bytes(first + 13).ToArray(),
            Origin = row.IsNull(first + 14) ? null : words.Text(row.Int64(first + 14)),
        };
        return MessageColumns.WithMore(message, row.Bytes(first + 12));
    }
}
