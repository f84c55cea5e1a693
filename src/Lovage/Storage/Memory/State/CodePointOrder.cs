namespace Lovage.Storage.Memory.State;

/// <summary>
/// Text in the order of its code points, as storages that keep UTF-8 have it: beyond the basic plane the ordinal order
/// is another.
/// </summary>
internal sealed class CodePointOrder : IComparer<string>
{
    private const int BeyondTheBasicPlane = 0x10000;

    internal static CodePointOrder Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        var a = x.AsSpan();
        var b = y.AsSpan();
        var same = a.CommonPrefixLength(b);
        return same < a.Length && same < b.Length
            ? Rank(a[same]).CompareTo(Rank(b[same]))
            : a.Length.CompareTo(b.Length);
    }

    private static int Rank(char unit) => char.IsSurrogate(unit) ? unit + BeyondTheBasicPlane : unit;
}
