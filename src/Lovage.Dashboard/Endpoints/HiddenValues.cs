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
    private const string Embed = """{"callbacks":null,"errbacks":null,"chain":null,"chord":null}""";

    /// <summary>Puts the old values back.</summary>
    /// <param name="edited">The new arguments, by name or by position; or a whole body. A name such as <c>#2</c> is the
    /// argument at that position, as it is shown where the parameters are not known.</param>
    /// <param name="old">The old message.</param>
    /// <param name="known">What is known of the job.</param>
    /// <param name="isWhole">True for a whole body, <c>[args, kwargs, embed]</c>; so is the answer then.</param>
    /// <exception cref="ApiException">There is no old value for a hidden one.</exception>
    internal static JsonElement Keep(JsonElement edited, JobMessage old, CatalogJob known, ref bool isWhole)
    {
        var isByName = !isWhole && edited.ValueKind == JsonValueKind.Object;
        var hasPositions = isByName && edited.EnumerateObject().Any(static field => field.Name.StartsWith('#'));
        var isSensitive = !old.SensitiveParameters.IsEmpty || !known.Sensitive.IsEmpty;
        if (!isSensitive && !hasPositions)
        {
            return edited;
        }

        var node = JsonNode.Parse(edited.GetRawText());
        if (isSensitive)
        {
            var body = JsonNode.Parse(old.Body.Span)!.AsArray();
            var (args, kwargs) = (body[0]!.AsArray(), body[1]!.AsObject());
            JsonNode before = isWhole ? body : isByName ? ByName(args, kwargs, known) : args;
            node = Kept(node, before);
            if (node is JsonObject fields && isByName)
            {
                // A page leaves out what it does not see.
                foreach (var hidden in MessageRedactor.Arguments(old, known.Parameters, known.Sensitive)
                    .Where(argument => argument.IsHidden && !fields.ContainsKey(argument.Name)))
                {
                    fields[hidden.Name] = before[hidden.Name]?.DeepClone();
                    hasPositions |= hidden.Name.StartsWith('#');
                }
            }
        }

        if (hasPositions)
        {
            isWhole = true;
            node = Whole(node!.AsObject());
        }

        using var document = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(node!, ApiJson.Default.JsonNode));
        return document.RootElement.Clone();
    }

    /// <summary>From names, some of which are positions, to a whole body.</summary>
    private static JsonArray Whole(JsonObject fields)
    {
        var (args, kwargs) = (new JsonArray(), new JsonObject());
        foreach (var (name, value) in fields)
        {
            if (!name.StartsWith('#'))
            {
                kwargs[name] = value?.DeepClone();
            }
        }

        while (fields.TryGetPropertyValue($"#{args.Count + 1}", out var next))
        {
            args.Add(next?.DeepClone());
        }

        return args.Count + kwargs.Count == fields.Count
            ? new JsonArray(args, kwargs, JsonNode.Parse(Embed))
            : throw ApiCall.Bad("Positions are #1, #2 and so on, without a gap.", "arguments");
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
                    $"'{SensitiveValues.Hidden}' stands where the old job has no value. Write the new one.",
                    "arguments");
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
}
