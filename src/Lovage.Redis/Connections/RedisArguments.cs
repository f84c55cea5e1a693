using System.Globalization;
using Lovage.Redis.Keys;
using StackExchange.Redis;

namespace Lovage.Redis.Connections;

/// <summary>The arguments of one call of a script: first the prefixes and the time, which every script reads.</summary>
internal sealed class RedisArguments
{
    private readonly List<RedisValue> _values;

    internal RedisArguments(RedisNames names, RedisValue now, int capacity) =>
        _values = new List<RedisValue>(capacity + 3) { names.Own, names.Kombu, now };

    internal void Add(string value) => _values.Add(value);

    internal void Add(RedisValue value) => _values.Add(value);

    internal void Add(long value) => _values.Add(value.ToString(CultureInfo.InvariantCulture));

    internal RedisValue[] ToArray() => [.. _values];
}
