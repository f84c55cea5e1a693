using System.Text.Json;
using Lovage.Protocol;

namespace Lovage.Redis.Writing;

/// <summary>
/// What Celery's envelope carries. A message that it does not carry is refused before it is sent: stored, it would be
/// an element that no worker can read.
/// </summary>
internal static class WireRules
{
    /// <summary>Checks a message; the envelope itself checks the body and the names of headers.</summary>
    /// <exception cref="ArgumentException">The envelope cannot carry it.</exception>
    internal static void Check(JobMessage message)
    {
        CheckId(message, message.RootId, "root id");
        CheckId(message, message.ParentId, "parent id");
        CheckId(message, message.GroupId, "group id");
        CheckId(message, message.ReplyTo, "reply queue");
        if (!message.Extra.IsEmpty)
        {
            CheckExtra(message);
        }
    }

    private static void CheckId(JobMessage message, string? value, string what)
    {
        if (value is not null && !JobId.TryParse(value, out _))
        {
            throw Refused(message, $"its {what} is not 1 to 128 characters of A-Z a-z 0-9 . _ : -");
        }
    }

    private static void CheckExtra(JobMessage message)
    {
        try
        {
            using var extra = JsonDocument.Parse(message.Extra);
            if (extra.RootElement.ValueKind == JsonValueKind.Object)
            {
                return;
            }
        }
        catch (JsonException)
        {
            // As below.
        }

        throw Refused(message, "its further headers are no JSON object");
    }

    private static ArgumentException Refused(JobMessage message, string why) =>
        new($"Celery's envelope cannot carry job {message.Id.Value}: {why}.", nameof(message));
}
