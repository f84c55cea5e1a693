using System.Collections.Immutable;
using System.Text.Json;
using Ways = System.Collections.Immutable.ImmutableArray<System.Collections.Immutable.ImmutableArray<string>>;

namespace Lovage;

/// <summary>
/// Finds the sensitive values among the arguments of one body, <c>[args, kwargs, embed]</c>, and in a result.
/// </summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
internal sealed class SensitiveValues
{
    /// <summary>What stands in the place of a value.</summary>
    internal const string Hidden = "[hidden]";

    private readonly ImmutableArray<SensitiveName> _names;
    private readonly ImmutableArray<SensitiveName> _results;

    /// <param name="names">The names; one that is not understood hides all arguments.</param>
    internal SensitiveValues(ImmutableArray<string> names)
    {
        var parsed = ImmutableArray.CreateBuilder<SensitiveName>(names.Length);
        var results = ImmutableArray.CreateBuilder<SensitiveName>();
        foreach (var name in names)
        {
            HidesAll |= !SensitiveName.TryParse(name, out var one) || one.IsAll;
            (one.IsResult ? results : parsed).Add(one);
        }

        _names = parsed.DrainToImmutable();
        _results = results.DrainToImmutable();
    }

    /// <summary>True when every argument is shown as it is.</summary>
    internal bool IsEmpty => _names.IsEmpty;

    /// <summary>The ways to sensitive values in the result; null when it is one as a whole.</summary>
    internal Ways? InResult => Within(_results, static _ => true);

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

    /// <summary>Visits the sensitive values of a result.</summary>
    /// <inheritdoc cref="Visit(ReadOnlyMemory{byte}, Action{JsonElement})"/>
    internal void VisitResult(ReadOnlyMemory<byte> result, Action<JsonElement> found)
    {
        using var document = JsonDocument.Parse(result);
        Visit(document.RootElement, InResult, found);
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

    private Ways? Within(Func<SensitiveName, bool> isMeant) => HidesAll ? null : Within(_names, isMeant);

    private static Ways? Within(ImmutableArray<SensitiveName> names, Func<SensitiveName, bool> isMeant)
    {
        var ways = ImmutableArray.CreateBuilder<ImmutableArray<string>>();
        foreach (var name in names)
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
