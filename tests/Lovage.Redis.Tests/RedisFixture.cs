using System.Globalization;
using System.Runtime.CompilerServices;
using Lovage.Specification;
using StackExchange.Redis;

namespace Lovage.Redis.Tests;

/// <summary>
/// Prefixes of its own for each scope; the second handle is a second storage with connections of its own.
/// </summary>
public sealed class RedisFixture : StorageFixture
{
    private static readonly StrongBox<int> Number = new();

    public override async ValueTask<StorageScope> OpenAsync()
    {
        var server = await RedisProcess.GetAsync();
        var time = new ManualTimeProvider();
        var scope = string.Create(CultureInfo.InvariantCulture, $"t{Interlocked.Increment(ref Number.Value)}:");
        var storage = new RedisStorage(Options(server, scope, time));
        await storage.OpenAsync(CancellationToken.None);
        var other = new RedisStorage(Options(server, scope, time));
        await other.OpenAsync(CancellationToken.None);
        return new StorageScope(storage, other, time);
    }

    public override bool KeepsAnyMessage => false;

    /// <summary>
    /// The version of the protocol between client and server: RESP3, or RESP2 with LOVAGE_REDIS_PROTOCOL=2.
    /// </summary>
    private static RedisProtocol Protocol =>
        Environment.GetEnvironmentVariable("LOVAGE_REDIS_PROTOCOL") == "2" ? RedisProtocol.Resp2 : RedisProtocol.Resp3;

    private static RedisStorageOptions Options(RedisProcess server, string scope, ManualTimeProvider time)
    {
        var configuration = ConfigurationOptions.Parse(server.Address);
        configuration.Protocol = Protocol;
        return new RedisStorageOptions
        {
            Configuration = configuration,
            Prefix = scope + "lovage:",
            GlobalKeyPrefix = scope,
            PrioritySteps = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
            Time = time,
            Clock = time,
        };
    }
}
