using System.Text.Json;
using System.Text.Json.Nodes;
using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;
using Lovage.Dashboard.Sampling;
using Lovage.Protocol;

namespace Lovage.Dashboard.Endpoints;

/// <summary>
/// Arguments that a person edited without seeing all of them: where <c>[hidden]</c> still stands, the old value stays.
/// </summary>
internal static class HiddenValues
{
    /// <summary>Puts the old values back.</summary>
    /// <param name="edited">The new arguments, by name or by position; or a whole body.</param>
    /// <param name="old">The old message.</param>
    /// <param name="known">What is known of the job.</param>
    /// <param name="isWhole">True for a whole body, <c>[args, kwargs, embed]</c>.</param>
    /// <exception cref="ApiException">There is no old value for a hidden one.</exception>
    internal static JsonElement Keep(JsonElement edited, JobMessage old, CatalogJob known, bool isWhole)
    {
        if (old.SensitiveParameters.IsEmpty && known.Sensitive.IsEmpty)
        {
            return edited;
        }

        var body = JsonNode.Parse(old.Body.Span)!.AsArray();
        var (args, kwargs) = (body[0]!.AsArray(), body[1]!.AsObject());
        JsonNode before = isWhole ? body : edited.ValueKind == JsonValueKind.Object ? ByName(args, kwargs, known) : args;
        var kept = Kept(Node(edited), before);
        using var document = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(kept!, ApiJson.Default.JsonNode));
        return document.RootElement.Clone();
    }

    private static JsonObject ByName(JsonArray args, JsonObject kwargs, CatalogJob known)
    {
        var all = (JsonObject)kwargs.DeepClone();
        for (var i = 0; i < args.Count; i++)
        {
            all[i < known.Parameters.Count ? known.Parameters[i] : $"#{i + 1}"] = args[i]?.DeepClone();
        }

        return all;
    }

    private static JsonNode? Kept(JsonNode? edited, JsonNode? before)
    {
        switch (edited)
        {
            case JsonValue value when value.TryGetValue<string>(out var text) && text == SensitiveValues.Hidden:
                return before?.DeepClone() ?? throw ApiCall.Bad(
                    $"'{SensitiveValues.Hidden}' stands where the old job has no value. Write the new one.", "arguments");
            case JsonObject fields:
                foreach (var name in fields.Select(static field => field.Key).ToList())
                {
                    fields[name] = Kept(fields[name]?.DeepClone(), (before as JsonObject)?[name]);
                }

                return fields;
            case JsonArray items:
                for (var i = 0; i < items.Count; i++)
                {
                    items[i] = Kept(
                        items[i]?.DeepClone(), before is JsonArray old && i < old.Count ? old[i] : null);
                }

                return items;
            default:
                return edited;
        }
    }

    private static JsonNode? Node(JsonElement element) => JsonNode.Parse(element.GetRawText());
}
