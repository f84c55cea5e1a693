using Lovage.Protocol;
using Lovage.Sqlite.Native;
using Lovage.Storage;

namespace Lovage.Sqlite.Schema;

/// <summary>Writes a message as columns of <c>lovage_message</c> or <c>lovage_schedule</c>.</summary>
internal static class MessageRow
{
    /// <summary>Binds parameters 2 to 16 of <see cref="Sql.InsertMessage"/>, and of a schedule's job.</summary>
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
}
