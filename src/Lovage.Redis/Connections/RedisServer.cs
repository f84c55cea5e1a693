using Lovage.Redis.Keys;
using StackExchange.Redis;

namespace Lovage.Redis.Connections;

/// <summary>The connections of one storage to its server: one for all calls, one for renewals.</summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class RedisServer : IAsyncDisposable
{
    private const int TriesMax = 3;
    private const int SubscribeTriesMax = 100;

    private static readonly TimeSpan SubscribePause = TimeSpan.FromMilliseconds(50);

    private readonly ConfigurationOptions _configuration;
    private readonly RedisClock _clock;
    private readonly SemaphoreSlim _connecting = new(1, 1);
    private ConnectionMultiplexer? _main;
    private ConnectionMultiplexer? _renewals;
    private bool _isDisposed;

    /// <param name="configuration">Which server.</param>
    /// <param name="names">The prefixes of its keys.</param>
    /// <param name="clock">The time of scripts.</param>
    internal RedisServer(ConfigurationOptions configuration, RedisNames names, RedisClock clock)
    {
        _configuration = configuration.Clone();
        _configuration.AbortOnConnectFail = true;

        // The client holds INFO for an administrator's command; the server judges by the rights of the user.
        _configuration.AllowAdmin = true;
        _configuration.SharedSubscriptionConnection = true;
        _configuration.BacklogPolicy = BacklogPolicy.FailFast;
        _configuration.TieBreaker = "";
        _configuration.ConfigurationChannel = "";
        _clock = clock;
        Names = names;
        Description = "redis:" + string.Join(',', _configuration.EndPoints.Select(Shown)) + "/"
            + (_configuration.DefaultDatabase ?? 0);
    }

    internal RedisNames Names { get; }

    /// <summary>Where it is, without credentials.</summary>
    internal string Description { get; }

    internal RedisClock Clock => _clock;

    internal ConfigurationOptions Configuration => _configuration;

    /// <summary>Where the primary is, as far as the connection knows.</summary>
    /// <exception cref="StorageException">It knows of none now.</exception>
    internal System.Net.EndPoint Primary =>
        Connection.GetServers().FirstOrDefault(static server => server.IsConnected && !server.IsReplica)?.EndPoint
            ?? throw new StorageException(
                $"The storage {Description} has no primary at the moment.", isTransient: true);

    internal IDatabase Database => Open(_main).GetDatabase();

    internal IConnectionMultiplexer Connection => Open(_main);

    /// <summary>Connects, if it is not connected yet.</summary>
    /// <exception cref="StorageException">It cannot.</exception>
    internal async Task ConnectAsync(CancellationToken cancellationToken)
    {
        await _connecting.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _main ??= await ConnectionMultiplexer.ConnectAsync(_configuration);
            _renewals ??= await ConnectionMultiplexer.ConnectAsync(_configuration);
        }
        catch (Exception fault) when (RedisFault.IsFault(fault))
        {
            throw RedisFault.From(fault, Description);
        }
        finally
        {
            _connecting.Release();
        }
    }

    /// <summary>Runs a script. A caller that gives up leaves it running.</summary>
    /// <exception cref="StorageException">It may have run all the same.</exception>
    internal Task<RedisResult> RunAsync(
        RedisScript script, RedisArguments arguments, CancellationToken cancellationToken) =>
        RunAsync(_main, script, arguments, cancellationToken);

    /// <summary>Runs a script ahead of all other calls, on a connection that nothing else uses.</summary>
    /// <inheritdoc cref="RunAsync(RedisScript, RedisArguments, CancellationToken)"/>
    internal Task<RedisResult> RunAheadAsync(
        RedisScript script, RedisArguments arguments, CancellationToken cancellationToken) =>
        RunAsync(_renewals, script, arguments, cancellationToken);

    /// <summary>Makes a plain call.</summary>
    /// <exception cref="StorageException">It may have been carried out all the same.</exception>
    internal async Task<T> CallAsync<T>(Func<IDatabase, Task<T>> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await call(Database).WaitAsync(cancellationToken);
        }
        catch (Exception fault) when (RedisFault.IsFault(fault))
        {
            throw RedisFault.From(fault, Description);
        }
    }

    /// <summary>Hears a channel; the connection that hears may still be on its way.</summary>
    /// <exception cref="StorageException">It cannot.</exception>
    internal async Task SubscribeAsync(RedisChannel channel, Action<RedisValue> handler)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await Connection.GetSubscriber().SubscribeAsync(channel, (_, text) => handler(text));
                return;
            }
            catch (RedisConnectionException) when (tries < SubscribeTriesMax)
            {
                await Task.Delay(SubscribePause, TimeProvider.System);
            }
            catch (Exception fault) when (RedisFault.IsFault(fault))
            {
                throw RedisFault.From(fault, Description);
            }
        }
    }

    /// <summary>The beginning of every script's arguments.</summary>
    internal RedisArguments Arguments(int capacity) => new(Names, _clock.Now, capacity);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _connecting.WaitAsync();
        _isDisposed = true;
        _connecting.Dispose();
        if (_main is not null)
        {
            await _main.DisposeAsync();
        }

        if (_renewals is not null)
        {
            await _renewals.DisposeAsync();
        }
    }

    private async Task<RedisResult> RunAsync(
        ConnectionMultiplexer? connection,
        RedisScript script,
        RedisArguments arguments,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var values = arguments.ToArray();
        for (var tries = 1; ; tries++)
        {
            try
            {
                // SCRIPT FLUSH by others may come between loading and running; such a call has not run.
                var flags = tries < TriesMax ? CommandFlags.None : CommandFlags.NoScriptCache;
                return await Open(connection)
                    .GetDatabase()
                    .ScriptEvaluateAsync(script.Text, null, values, flags)
                    .WaitAsync(cancellationToken);
            }
            catch (RedisServerException fault) when (tries < TriesMax && RedisFault.IsScriptMissing(fault))
            {
                // Once more.
            }
            catch (Exception fault) when (RedisFault.IsFault(fault))
            {
                throw RedisFault.From(fault, Description);
            }
        }
    }

    private ConnectionMultiplexer Open(ConnectionMultiplexer? connection) => connection
        ?? throw new StorageException($"The storage {Description} is not open.", isTransient: false);

    private static string Shown(System.Net.EndPoint endPoint) => endPoint switch
    {
        System.Net.DnsEndPoint host => $"{host.Host}:{host.Port}",
        _ => endPoint.ToString() ?? "?",
    };
}
