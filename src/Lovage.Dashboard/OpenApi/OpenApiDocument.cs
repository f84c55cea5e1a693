using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Lovage.Dashboard.Access;
using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;

namespace Lovage.Dashboard.OpenApi;

/// <summary>
/// Writes an OpenAPI 3.1 document from the table of routes. The schemas are those of the serializer, so that they say
/// what the API writes.
/// </summary>
internal static class OpenApiDocument
{
    private const string Json = "application/json";

    private static readonly JsonSchemaExporterOptions Exporting = new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = static (context, schema) =>
            schema.GetValueKind() == JsonValueKind.True ? Unknown(context.TypeInfo.Type) : schema,
    };

    internal static JsonNode Of(IReadOnlyList<ApiRoute> routes)
    {
        var schemas = new JsonObject();
        var paths = new JsonObject();
        foreach (var same in routes.GroupBy(static route => route.Pattern, StringComparer.Ordinal))
        {
            var path = new JsonObject();
            if (Parameters(same.Key) is { Count: > 0 } parameters)
            {
                path["parameters"] = parameters;
            }

            foreach (var route in same)
            {
                path[Verb(route.Method)] = Operation(route, schemas);
            }

            paths[$"/{same.Key}"] = path;
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = "Lovage",
                ["version"] = typeof(OpenApiDocument).Assembly.GetName().Version?.ToString(3) ?? "0.0.0",
                ["description"] =
                    "Jobs, queues, workers, schedules and errors. Times are ISO 8601 in UTC, durations are seconds. "
                        + $"A change needs the content type application/json and the header {ForgeryCheck.Header}.",
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "." }),
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private static JsonArray Parameters(string pattern)
    {
        var parameters = new JsonArray();
        foreach (var part in pattern.Split('/').Where(static part => part.StartsWith('{')))
        {
            parameters.Add((JsonNode)new JsonObject
            {
                ["name"] = part[1..^1],
                ["in"] = "path",
                ["required"] = true,
                ["schema"] = new JsonObject { ["type"] = "string" },
            });
        }

        return parameters;
    }

    private static JsonObject Operation(ApiRoute route, JsonObject schemas)
    {
        var parameters = new JsonArray();
        foreach (var name in route.Query)
        {
            parameters.Add((JsonNode)new JsonObject
            {
                ["name"] = name,
                ["in"] = "query",
                ["required"] = false,
                ["schema"] = new JsonObject { ["type"] = name == "limit" ? "integer" : "string" },
            });
        }

        if (route.IsChange)
        {
            parameters.Add((JsonNode)new JsonObject
            {
                ["name"] = ForgeryCheck.Header,
                ["in"] = "header",
                ["required"] = true,
                ["schema"] = new JsonObject { ["type"] = "string" },
            });
        }

        var operation = new JsonObject
        {
            ["operationId"] = Id(route),
            ["summary"] = route.Summary,
            ["tags"] = new JsonArray(route.Pattern.Split('/')[0]),
        };
        if (route.Permission != ConsolePermissions.None)
        {
            operation["description"] =
                $"Needs the permission {string.Join(", ", ApiCall.WordsOf(route.Permission))}.";
        }

        if (parameters.Count > 0)
        {
            operation["parameters"] = parameters;
        }

        if (route.Body is { } body)
        {
            operation["requestBody"] = new JsonObject
            {
                ["required"] = true,
                ["content"] = Content(Json, body, schemas),
            };
        }

        operation["responses"] = new JsonObject
        {
            [route.Status.ToString(System.Globalization.CultureInfo.InvariantCulture)] = new JsonObject
            {
                ["description"] = "Done.",
                ["content"] = route.Response is { } response
                    ? Content(Json, response, schemas)
                    : new JsonObject { ["text/event-stream"] = new JsonObject() },
            },
            ["default"] = new JsonObject
            {
                ["description"] = "What went wrong.",
                ["content"] = Content("application/problem+json", ApiJson.Default.Problem, schemas),
            },
        };
        return operation;
    }

    private static JsonObject Content(string type, JsonTypeInfo info, JsonObject schemas)
    {
        var name = info.Type.Name;
        if (!schemas.ContainsKey(name))
        {
            var schema = info.GetJsonSchemaAsNode(Exporting);
            Relocate(schema, $"#/components/schemas/{name}");
            schemas[name] = schema;
        }

        return new JsonObject
        {
            [type] = new JsonObject
            {
                ["schema"] = new JsonObject { ["$ref"] = $"#/components/schemas/{name}" },
            },
        };
    }

    /// <summary>The exporter points into a document of its own; here the schema is a part of another one.</summary>
    private static void Relocate(JsonNode? node, string root)
    {
        if (node is JsonObject fields)
        {
            if (fields["$ref"] is JsonValue reference
                && reference.TryGetValue<string>(out var target)
                && target.StartsWith('#'))
            {
                fields["$ref"] = root + target[1..];
            }

            foreach (var field in fields)
            {
                Relocate(field.Value, root);
            }
        }
        else if (node is JsonArray items)
        {
            foreach (var item in items)
            {
                Relocate(item, root);
            }
        }
    }

    private static string Id(ApiRoute route) =>
        $"{Verb(route.Method)}_{new string([.. route.Pattern.Where(static letter => letter is not ('{' or '}')).Select(
            static letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_')])}";

    private static string Verb(string method) => method switch
    {
        "GET" => "get",
        "POST" => "post",
        "DELETE" => "delete",
        _ => "put",
    };

    /// <summary>
    /// What the exporter knows no schema of: times, which a converter of ours writes, and any JSON. It writes
    /// <c>true</c> there, which readers of OpenAPI do not take for a schema.
    /// </summary>
    private static JsonObject Unknown(Type type) =>
        type == typeof(DateTimeOffset) ? new JsonObject { ["type"] = "string", ["format"] = "date-time" }
            : type == typeof(DateTimeOffset?)
                ? new JsonObject { ["type"] = new JsonArray("string", "null"), ["format"] = "date-time" }
            : [];
}
