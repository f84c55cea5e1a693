using System.Text.Json;

namespace Lovage.Scheduling;

/// <summary>
/// A JSON object whose reader takes each property once, with the type that it must have. A property that is left over
/// is an error.
/// </summary>
internal sealed class TriggerObject
{
    private const int PropertiesMax = 16;
    private readonly Dictionary<string, JsonElement> _left = [];

    /// <exception cref="TriggerException">Not an object, too many properties, or one twice.</exception>
    internal TriggerObject(JsonElement json, string path)
    {
        Path = path;
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new TriggerException($"{path}: an object such as {{\"cron\":\"0 0 * * *\"}} is expected.", path);
        }

        foreach (var property in json.EnumerateObject())
        {
            var name = NameOf(property, path);
            if (_left.Count == PropertiesMax || !_left.TryAdd(name, property.Value))
            {
                throw new TriggerException(
                    $"{path}: the property '{JobNames.Shown(name)}' is there twice, or there are more than "
                        + $"{PropertiesMax}.",
                    path);
            }
        }
    }

    internal string Path { get; }

    /// <summary>What is left, for a message.</summary>
    internal string Names => _left.Count == 0
        ? "it is empty"
        : $"it has {string.Join(", ", _left.Keys.Select(static name => JobNames.Shown(name)))}";

    internal bool Has(string name) => _left.ContainsKey(name);

    internal string? TakeText(string name)
    {
        if (!_left.Remove(name, out var value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            throw Wrong(name, "a text is expected.");
        }

        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException cause)
        {
            throw new TriggerException(
                $"{Path}.{name}: the text holds a lone surrogate.", $"{Path}.{name}", cause: cause);
        }
    }

    internal int? TakeInteger(string name)
    {
        if (!_left.Remove(name, out var value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
            ? number
            : throw Wrong(name, "a whole number is expected.");
    }

    internal DateTimeOffset? TakeInstant(string name) => TakeText(name) switch
    {
        null => null,
        var text when Instants.TryParse(text, out var instant) => instant,
        var text => throw Wrong(
            name, $"'{JobNames.Shown(text)}' is no instant; write 2026-01-31T08:00:00Z or with an offset, as +02:00."),
    };

    internal TriggerObject TakeObject(string name)
    {
        _left.Remove(name, out var value);
        return new TriggerObject(value, $"{Path}.{name}");
    }

    internal JsonElement TakeArray(string name)
    {
        _left.Remove(name, out var value);
        return value.ValueKind == JsonValueKind.Array ? value : throw Wrong(name, "a list of triggers is expected.");
    }

    internal void RequireAllTaken()
    {
        if (_left.Count > 0)
        {
            var name = JobNames.Shown(_left.Keys.First());
            throw new TriggerException(
                $"{Path}: '{name}' is not known here, or does not go with this kind of trigger.", $"{Path}.{name}");
        }
    }

    internal TriggerException Wrong(string name, string message) => new($"{Path}.{name}: {message}", $"{Path}.{name}");

    private static string NameOf(JsonProperty property, string path)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException cause)
        {
            throw new TriggerException($"{path}: the name of a property holds a lone surrogate.", path, cause: cause);
        }
    }
}
