using System.Text.Json;

namespace Lovage.Protocol;

/// <summary>Rules for properties that both carriers share.</summary>
internal static class MessageProperties
{
    internal static string? ReplyTo(JsonElement value, string path) => ReplyTo(WireJson.Text(value, path), path);

    /// <summary>
    /// Python's client sends a UUID always, even when results go elsewhere; <c>''</c> is none (celery/app/base.py,
    /// <c>thread_oid</c>).
    /// </summary>
    internal static string? ReplyTo(string? text, string path) => text switch
    {
        null or "" => null,
        _ when JobNames.IsId(text) => text,
        _ =>
            throw new MalformedMessageException(
                path,
                $"'{JobNames.Shown(text)}' is no reply queue: 1 to {JobNames.IdLengthMax} characters of A-Z a-z 0-9 . "
                    + "_ : - are expected."),
    };
}
