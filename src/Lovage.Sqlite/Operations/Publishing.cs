using Lovage.Protocol;
using Lovage.Sqlite.Life;
using Lovage.Sqlite.Schema;
using Lovage.Storage;
using Lovage.Storage.Plans;

namespace Lovage.Sqlite.Operations;

/// <summary>Stores messages: those of callers, follow-ups of outcomes, jobs of schedules.</summary>
internal static class Publishing
{
    internal static PublishResult Publish(WriteSession session, JobMessage message) =>
        Publish(session, message, out _);

    /// <summary>
    /// Publishes; the key is that of the job, and when it is not accepted, of the one that has its id.
    /// </summary>
    internal static PublishResult Publish(WriteSession session, JobMessage message, out long key)
    {
        var name = session.Words.Id(message.Name);
        var queue = session.Words.Id(message.Queue);
        long? origin = message.Origin is { } text ? session.Words.Id(text) : null;
        key = session.PeekTicket();
        var insert = session.Statement(Sql.InsertMessage).Bind(1, key);
        MessageRow.Bind(insert, message, name, queue, session.Now, origin);
        if (insert.Run() == 0)
        {
            return Known(session, message, name, out key);
        }

        key = session.NextTicket();
        session.Blocks.Note(BlockKind.Name, key, name);
        session.Blocks.Note(BlockKind.Queue, key, queue);
        foreach (var mark in JobMark.Of(message))
        {
            session.Statement(Sql.InsertMark).Bind(1, (long)mark.Kind).Bind(2, mark.Text).Bind(3, key).Run();
        }

        session.Tally.Job(queue, name).Enqueued++;
        var priority = Math.Clamp(message.Priority, 0, Tables.PriorityMax);
        var state = session.Life.PlaceNew(key, queue, priority, MessageColumns.DueAt(message, session.Now));
        return new(PublishStatus.Accepted, message.Id, state);
    }

    private static PublishResult Known(WriteSession session, JobMessage message, long name, out long key)
    {
        var same = session.Statement(Sql.IsSameMessage).Bind(1, message.Id.Value).Bind(2, name);
        same.BindBlob(3, message.Body.Span).Read();
        var isSame = same.Int64(0) != 0;
        same.Reset();
        var job = session.Find.Stored(message.Id)!;
        key = job.Key;
        return new(isSame ? PublishStatus.AlreadyKnown : PublishStatus.IdConflict, message.Id, job.State);
    }
}
