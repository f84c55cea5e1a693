using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Sqlite.Writing;

internal sealed class PublishOperation(IReadOnlyList<JobMessage> messages)
    : WriteOperation<IReadOnlyList<PublishStatus>>
{
    internal override int Weight => messages.Count;

    internal override bool WakesOthers => true;

    internal override void Run(WriteSession session)
    {
        var statuses = new PublishStatus[messages.Count];
        for (var i = 0; i < statuses.Length; i++)
        {
            statuses[i] = session.Publish(messages[i]);
        }

        Result = statuses;
    }
}
