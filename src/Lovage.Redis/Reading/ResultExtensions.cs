using StackExchange.Redis;

namespace Lovage.Redis.Reading;

/// <summary>Reads what scripts answer. RESP2 and RESP3 give the same here.</summary>
internal static class ResultExtensions
{
    internal static RedisResult[] Items(this RedisResult result) => (RedisResult[]?)result ?? [];

    internal static RedisValue Value(this RedisResult result) => (RedisValue)result;

    internal static RedisValue[] Values(this RedisResult result) => (RedisValue[]?)result ?? [];

    internal static string Text(this RedisResult result) => (string?)result ?? "";
}
