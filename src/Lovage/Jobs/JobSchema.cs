using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;

namespace Lovage;

/// <summary>The JSON schema of a job's arguments by name, from which a form is made.</summary>
/// <remarks>Stateless, safe for use by several threads.</remarks>
internal static class JobSchema
{
    private const int BytesMax = 16 * 1024;

    private static readonly JsonSchemaExporterOptions Options = new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = Completed,
    };

    /// <summary>The schema; null when there is none.</summary>
    [SuppressMessage(
        "Design", "CA1031", Justification = "The app's contracts and attributes may throw: then there is no form.")]
    internal static string? Of(JobDefinition job, JobSerializer serializer)
    {
        if (!job.SaysParameters)
        {
            return null;
        }

        try
        {
            var text = Make(job, serializer)?.ToJsonString();
            return text is not null && Encoding.UTF8.GetByteCount(text) <= BytesMax ? text : null;
        }
        catch (Exception)
        {
            return null;
        }
    }

    private static JsonObject? Make(JobDefinition job, JobSerializer serializer)
    {
        var (properties, required) = (new JsonObject(), new JsonArray());
        foreach (var parameter in job.Parameters)
        {
            if (serializer.ContractOrNull(parameter.Type) is not { } contract)
            {
                return null;
            }

            var schema = contract.GetJsonSchemaAsNode(Options);
            Move(schema, $"#/properties/{parameter.Name}");
            properties.Add(parameter.Name, Completed(parameter, schema));
            if (!parameter.IsOptional)
            {
                required.Add((JsonNode)parameter.Name);
            }
        }

        var whole = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (required.Count > 0)
        {
            whole["required"] = required;
        }

        whole["additionalProperties"] = false;
        return whole;
    }

    private static JsonNode Completed(JobParameter parameter, JsonNode schema)
    {
        if (parameter.AllowsNull && schema is JsonObject known && known["type"] is JsonValue type)
        {
            known["type"] = new JsonArray(type.DeepClone(), "null");
        }

        var rules = parameter.Rules?.Invoke() ?? [];
        return rules.Count == 0 && !parameter.IsSensitive ? schema : With(schema, rules, parameter.IsSensitive);
    }

    private static JsonNode Completed(JsonSchemaExporterContext context, JsonNode node)
    {
        var schema = Own(context.TypeInfo.Type, node);
        if (context.PropertyInfo is not { } property)
        {
            return schema;
        }

        var (member, parameter) = (property.AttributeProvider, property.AssociatedParameter?.AttributeProvider);
        List<ValidationAttribute> rules = [.. Attributes<ValidationAttribute>(member)];
        rules.AddRange(Attributes<ValidationAttribute>(parameter));
        var isSensitive = Attributes<SensitiveAttribute>(member).Any()
            || Attributes<SensitiveAttribute>(parameter).Any();
        return rules.Count == 0 && !isSensitive ? schema : With(schema, rules, isSensitive);
    }

    private static IEnumerable<T> Attributes<T>(ICustomAttributeProvider? provider)
        where T : Attribute => provider?.GetCustomAttributes(typeof(T), inherit: true).Cast<T>() ?? [];

    /// <summary>The types whose converters are ours, of which the exporter knows nothing.</summary>
    private static JsonNode Own(Type type, JsonNode node)
    {
        var bare = Nullable.GetUnderlyingType(type) ?? type;
        var word = bare == typeof(double) || bare == typeof(float) || bare == typeof(Half) ? "number"
            : bare == typeof(JobId) ? "string"
            : null;
        return word is null ? node
            : bare == type ? new JsonObject { ["type"] = word }
            : new JsonObject { ["type"] = new JsonArray(word, "null") };
    }

    private static JsonObject With(JsonNode node, IReadOnlyList<ValidationAttribute> rules, bool isSensitive)
    {
        // "true" is the schema of which nothing is known.
        var schema = node as JsonObject ?? [];
        foreach (var rule in rules)
        {
            SchemaRules.Add(schema, rule);
        }

        if (isSensitive)
        {
            schema["writeOnly"] = true;
        }

        return schema;
    }

    /// <summary>Puts the references of a schema right that becomes a part of a larger one.</summary>
    private static void Move(JsonNode? node, string place)
    {
        if (node is JsonObject known)
        {
            if (known["$ref"] is JsonValue reference
                && reference.TryGetValue<string>(out var target)
                && target.StartsWith('#'))
            {
                known["$ref"] = place + target[1..];
            }

            foreach (var (_, value) in known)
            {
                Move(value, place);
            }
        }
        else if (node is JsonArray items)
        {
            foreach (var item in items)
            {
                Move(item, place);
            }
        }
    }
}
