using Lovage.Protocol;
using Lovage.Sqlite.Life;
using Lovage.Sqlite.Writing;
using Lovage.Storage;

namespace Lovage.Sqlite.Operations;

/// <summary>Stores messages and gives their jobs a place.</summary>
internal sealed class PublishOperation(IReadOnlyList<JobMessage> messages)
    : WriteOperation<IReadOnlyList<PublishResult>>
{
    internal override int Weight => messages.Count;

    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        var results = new PublishResult[messages.Count];
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = Publishing.Publish(session, messages[i]);
        }

        Result = results;
    }
}
