using System.Globalization;

namespace Lovage.Redis.Keys;

/// <summary>
/// The 15 fields at the start of an element that are ours: where its job stands, for scripts to read without decoding
/// the envelope. Scripts/common.lua has the same order.
/// </summary>
/// <remarks>Immutable.</remarks>
internal sealed record Front
{
    internal const char Orphan = 'o';
    internal const char Apart = 'x';
    internal const char EtaIsDelay = 'e';
    internal const char IgnoresResult = 'i';
    internal const char ChosenId = 'c';
    internal const char Marked = 'm';
    internal const char Foreign = 'w';
    internal const char Delayed = 'd';

    private const int Count = 15;
    private const int MicrosecondDigits = 16;

    public required string Id { get; init; }

    /// <summary>Grows with each job accepted.</summary>
    public required string Number { get; init; }

    public required long EnqueuedAt { get; init; }

    /// <summary>When it became ready, or when it is due.</summary>
    public required long ReadyAt { get; init; }

    /// <summary>Its place in its queue; another one each time that it joins the back.</summary>
    public required string Sequence { get; init; }

    /// <summary>q for ready, s for delayed, r for a retry that waits.</summary>
    public required char State { get; init; }

    public int Attempts { get; init; }

    public int Deaths { get; init; }

    public int Offers { get; init; }

    public long? FirstOfferAt { get; init; }

    public string Flags { get; init; } = "";

    /// <summary>When it expires, if its producer gave a span; else the envelope knows.</summary>
    public long? ExpiresAt { get; init; }

    public required string Queue { get; init; }

    public required string Step { get; init; }

    public required string Name { get; init; }

    internal bool Has(char flag) => Flags.Contains(flag, StringComparison.Ordinal);

    internal Front With(char flag) => Has(flag) ? this : this with { Flags = Flags + flag };

    internal Front Without(params ReadOnlySpan<char> flags)
    {
        var left = Flags;
        foreach (var flag in flags)
        {
            left = left.Replace(flag.ToString(), "", StringComparison.Ordinal);
        }

        return this with { Flags = left };
    }

    /// <summary>What the next claim and the next attempt do not inherit of offers.</summary>
    internal Front WithoutOffers() => this with { Offers = 0, FirstOfferAt = null };

    internal static Front Parse(string text)
    {
        var f = text.Split('|');
        return f.Length != Count
            ? throw new FormatException("The front of an element has another number of fields.")
            : new Front
            {
                Id = f[0],
                Number = f[1],
                EnqueuedAt = Long(f[2]),
                ReadyAt = Long(f[3]),
                Sequence = f[4],
                State = f[5].Length == 1 ? f[5][0] : throw new FormatException("No state."),
                Attempts = (int)Long(f[6]),
                Deaths = (int)Long(f[7]),
                Offers = (int)Long(f[8]),
                FirstOfferAt = LongOrNull(f[9]),
                Flags = f[10],
                ExpiresAt = LongOrNull(f[11]),
                Queue = f[12],
                Step = f[13],
                Name = f[14],
            };
    }

    /// <inheritdoc/>
    public override string ToString() => Fields.Join(
        Id,
        Number,
        EnqueuedAt,
        ReadyAt,
        Sequence,
        State,
        Attempts,
        Deaths,
        Offers,
        FirstOfferAt,
        Flags,
        ExpiresAt,
        Queue,
        Step,
        Name);

    private static long Long(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
        && text.Length <= MicrosecondDigits
            ? value
            : throw new FormatException("A number is expected.");

    private static long? LongOrNull(string text) => text.Length == 0 ? null : Long(text);
}
