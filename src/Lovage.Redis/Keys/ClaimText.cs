using StackExchange.Redis;

namespace Lovage.Redis.Keys;

/// <summary>A claim as scripts store it: owner|look|element.</summary>
internal static class ClaimText
{
    internal static Front FrontOf(RedisValue claim)
    {
        ReadOnlyMemory<byte> text = claim;
        var span = text.Span;
        var owner = span.IndexOf((byte)'|');
        var look = span[(owner + 1)..].IndexOf((byte)'|');
        return Element.FrontOf(span[(owner + look + 2)..]);
    }
}
