using System.Text.Json;

namespace Lovage.Dashboard.Api;

/// <summary>A count that stops at a bound.</summary>
internal sealed record Bounded(long Value, bool IsExact)
{
    internal static Bounded Of(BoundedCount count) => new(count.Value, count.IsExact);
}

/// <summary>An error of the API, as RFC 9457 has it.</summary>
internal sealed record Problem(string Title, string Detail, int Status)
{
    /// <summary>The qualifiers that there are, when a search names another one.</summary>
    public IReadOnlyList<string>? Qualifiers { get; init; }

    /// <summary>How many jobs match now, when the caller expected another number.</summary>
    public Bounded? Expected { get; init; }

    /// <summary>The field of the request at fault.</summary>
    public string? Field { get; init; }
}

/// <summary>What a change answers: a sentence for a person.</summary>
internal sealed record Done(string Sentence)
{
    public long? Count { get; init; }
}

/// <summary>The body of a change that takes nothing but a reason.</summary>
internal sealed record ReasonBody
{
    public string? Reason { get; init; }
}

/// <summary>Texts to choose from.</summary>
internal sealed record SuggestBody(IReadOnlyList<string> Items);

/// <summary>One argument, by name.</summary>
internal sealed record Argument(string Name, JsonElement? Value, bool Hidden);
