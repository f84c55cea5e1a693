using System.Text.Json;
using Lovage;

namespace Quickstart;

/// <summary>Compares posted arguments with a handler's parameters, so that a mistake is answered at once. The worker checks again.</summary>
internal static class JobArgumentsCheck
{
    /// <summary>What is wrong; null when nothing is.</summary>
    public static string? Find(JobDefinition job, JsonElement arguments, JobSerializer serializer)
    {
        var given = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (arguments.ValueKind == JsonValueKind.Array)
        {
            if (arguments.GetArrayLength() > job.Parameters.Length)
            {
                return $"Job '{job.Name}' takes {job.Parameters.Length} arguments ({Expected(job)}); {arguments.GetArrayLength()} were given.";
            }

            foreach (var (parameter, value) in job.Parameters.Zip(arguments.EnumerateArray()))
            {
                given.Add(parameter.Name, value);
            }
        }
        else if (arguments.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in arguments.EnumerateObject())
            {
                given.Add(property.Name, property.Value);
            }
        }

        foreach (var parameter in job.Parameters)
        {
            if (!given.Remove(parameter.Name, out var value))
            {
                if (!parameter.IsOptional)
                {
                    return $"Job '{job.Name}': argument '{parameter.Name}' is missing. Expected: {Expected(job)}.";
                }
            }
            else if (!Fits(value, parameter.Type, serializer))
            {
                return $"Job '{job.Name}': argument '{parameter.Name}' must be {Word(parameter.Type)}.";
            }
        }

        return given.Count == 0 ? null : $"Job '{job.Name}' has no argument of that name. Expected: {Expected(job)}.";
    }

    private static bool Fits(JsonElement value, Type type, JobSerializer serializer)
    {
        try
        {
            return value.Deserialize(serializer.Contract(type)) is not null || !type.IsValueType || Nullable.GetUnderlyingType(type) is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string Word(Type type) => Type.GetTypeCode(Nullable.GetUnderlyingType(type) ?? type) switch
    {
        TypeCode.Int32 or TypeCode.Int64 => "an integer that fits",
        TypeCode.Double => "a number",
        TypeCode.Boolean => "a boolean",
        TypeCode.String => "a string",
        _ => $"of type {type.Name}",
    };

    private static string Expected(JobDefinition job) => job.Parameters.Length == 0 ? "none" : string.Join(", ", job.Parameters.Select(parameter => parameter.Name));
}
