using System.Collections.Immutable;
using System.Text.Json;
using Ways = System.Collections.Immutable.ImmutableArray<System.Collections.Immutable.ImmutableArray<string>>;

namespace Lovage;

/// <summary>Finds the sensitive values among the arguments of one body, <c>[args, kwargs, embed]</c>.</summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
internal sealed class SensitiveValues
{
    /// <summary>What stands in the place of a value.</summary>
    internal const string Hidden = "[hidden]";

    private readonly ImmutableArray<SensitiveName> _names;

    /// <param name="names">The names; one that is not understood hides all arguments.</param>
    internal SensitiveValues(ImmutableArray<string> names)
    {
        var parsed = ImmutableArray.CreateBuilder<SensitiveName>(names.Length);
        foreach (var name in names)
        {
            HidesAll |= !SensitiveName.TryParse(name, out var one) || one.IsAll;
            parsed.Add(one);
        }

        _names = parsed.DrainToImmutable();
    }

    internal bool IsEmpty => _names.IsEmpty;

    /// <summary>True when no argument is shown.</summary>
    internal bool HidesAll { get; }

    /// <summary>The ways to sensitive values in the argument at a position; null when it is one as a whole.</summary>
    /// <param name="position">The position, from 1.</param>
    /// <param name="name">The parameter's name where it is known.</param>
    internal Ways? InPositional(int position, string? name) => Within(
        one => one.Position == position || (one.Position == 0 && (name is null || one.Argument == name)));

    /// <summary>The same for an argument that is given by name.</summary>
    internal Ways? InKeyword(string name) => Within(one => one.Argument == name);

    /// <summary>The ways that lead on from a member; null when the member is sensitive as a whole.</summary>
    internal static Ways? Into(Ways ways, string member)
    {
        var further = ImmutableArray.CreateBuilder<ImmutableArray<string>>();
        foreach (var way in ways)
        {
            if (way[0] != member && way[0] != SensitiveName.All)
            {
                continue;
            }

            if (way.Length == 1)
            {
                return null;
            }

            further.Add(way.RemoveAt(0));
        }

        return further.DrainToImmutable();
    }

    /// <summary>Visits the sensitive values of a body.</summary>
    /// <param name="body">The body.</param>
    /// <param name="found">Gets each of them.</param>
    /// <exception cref="Exception">It is no such body (<see cref="IsMalformed"/>).</exception>
    internal void Visit(ReadOnlyMemory<byte> body, Action<JsonElement> found)
    {
        using var document = JsonDocument.Parse(body);
        var position = 0;
        foreach (var argument in document.RootElement[0].EnumerateArray())
        {
            Visit(argument, InPositional(++position, null), found);
        }

        foreach (var argument in document.RootElement[1].EnumerateObject())
        {
            Visit(argument.Value, InKeyword(argument.Name), found);
        }
    }

    private static void Visit(JsonElement value, Ways? ways, Action<JsonElement> found)
    {
        if (ways is not { } some)
        {
            found(value);
        }
        else if (some.IsEmpty)
        {
            return;
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in value.EnumerateObject())
            {
                Visit(member.Value, Into(some, member.Name), found);
            }
        }
        else if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var element in value.EnumerateArray())
            {
                Visit(element, some, found);
            }
        }
        else if (IsHiddenScalar(value))
        {
            found(value);
        }
    }

    /// <summary>True for what reading a body of another shape throws.</summary>
    internal static bool IsMalformed(Exception fault) =>
        fault is JsonException or InvalidOperationException or IndexOutOfRangeException;

    /// <summary>
    /// True for a text or number where an object is expected: a converter may have written all of it.
    /// </summary>
    internal static bool IsHiddenScalar(JsonElement value) =>
        value.ValueKind is JsonValueKind.String or JsonValueKind.Number;

    private Ways? Within(Func<SensitiveName, bool> isMeant)
    {
        if (HidesAll)
        {
            return null;
        }

        var ways = ImmutableArray.CreateBuilder<ImmutableArray<string>>();
        foreach (var name in _names)
        {
            if (!isMeant(name))
            {
                continue;
            }

            if (name.Members.IsEmpty)
            {
                return null;
            }

            ways.Add(name.Members);
        }

        return ways.DrainToImmutable();
    }
}
