using System.Text.Json;

namespace Lovage.Redis.Texts;

/// <summary>A request to cancel: the reason as JSON, so that none differs from an empty one.</summary>
internal static class WishText
{
    internal static string Write(string? reason) =>
        reason is null ? "null" : "\"" + JsonEncodedText.Encode(reason) + "\"";

    internal static string? Read(string wish)
    {
        using var json = JsonDocument.Parse(wish);
        return json.RootElement.GetString();
    }
}
