using Lovage.Protocol;
using Lovage.Redis.Connections;
using Lovage.Redis.Keys;
using Lovage.Redis.Texts;
using Lovage.Storage;
using Lovage.Storage.Plans;

namespace Lovage.Redis.Writing;

/// <summary>New messages as <c>publishing.lua</c> reads them, and what it answers.</summary>
internal static class Messages
{
    internal static void Add(RedisArguments arguments, JobMessage message, RedisServer server)
    {
        WireRules.Check(message);
        var marks = JobMark.Of(message);
        arguments.Add(Element.Facts(message, server.Names, marks.Length));
        arguments.Add(Element.Rest(message, server.Clock));
        foreach (var mark in marks)
        {
            arguments.Add(MarkText.Write(mark.Kind, mark.Text));
        }
    }

    internal static PublishResult[] Read(string answers, IReadOnlyList<JobMessage> messages)
    {
        var results = new PublishResult[messages.Count];
        for (var i = 0; i < results.Length; i++)
        {
            var status = answers[2 * i] switch
            {
                'a' => PublishStatus.Accepted,
                'k' => PublishStatus.AlreadyKnown,
                _ => PublishStatus.IdConflict,
            };
            results[i] = new PublishResult(status, messages[i].Id, States.Of(answers[(2 * i) + 1]));
        }

        return results;
    }
}
