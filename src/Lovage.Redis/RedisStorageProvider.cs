using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Lovage.Storage;
using StackExchange.Redis;

namespace Lovage.Redis;

/// <summary>
/// Makes Redis storages from their address: <c>redis://user:password@host:6379/0?prefix=lovage:</c>. User and password
/// are percent-encoded. <c>rediss:</c> is the same by TLS, <c>redis+socket:///run/redis.sock?database=0</c> a Unix
/// socket, <c>redis+sentinel://host1:26379,host2:26379/0?service=mymaster</c> the primary that Sentinel names. Settings
/// are <c>prefix</c>, <c>global_keyprefix</c>, <c>priority_steps</c> (0,3,6,9), <c>protocol</c> (2 or 3),
/// <c>database</c> and <c>service</c>.
/// </summary>
/// <remarks>Stateless, safe for use by several threads.</remarks>
public sealed class RedisStorageProvider : StorageProvider
{
    private const int PortDefault = 6379;
    private const int SentinelPortDefault = 26379;
    private const int PrefixLengthMax = 100;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Schemes { get; } = ["redis", "rediss", "redis+socket", "redis+sentinel"];

    /// <inheritdoc/>
    public override JobStorage Create(string address, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(time);
        return new RedisStorage(Parse(address) with { Time = time });
    }

    /// <summary>Reads an address.</summary>
    /// <exception cref="ArgumentException">It cannot be read; the message repeats nothing of it.</exception>
    internal static RedisStorageOptions Parse(string address)
    {
        var end = address.IndexOf("://", StringComparison.Ordinal);
        var scheme = end < 0 ? "" : address[..end].ToLowerInvariant();
        if (scheme is not ("redis" or "rediss" or "redis+socket" or "redis+sentinel"))
        {
            throw Unreadable("it does not begin with 'redis://'", nameof(address));
        }

        var rest = address[(end + 3)..];
        var question = rest.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? rest : rest[..question];
        var options = new RedisStorageOptions { Configuration = new ConfigurationOptions { Ssl = scheme == "rediss" } };
        var at = path.LastIndexOf('@');
        if (at >= 0)
        {
            SetUser(options.Configuration, path[..at]);
        }

        if (scheme == "redis+socket")
        {
            options.Configuration.EndPoints.Add(new UnixDomainSocketEndPoint(
                path[(at + 1)..] is { Length: > 1 } socket
                    ? Uri.UnescapeDataString(socket)
                    : throw Unreadable("it names no socket", nameof(address))));
        }
        else
        {
            SetHosts(options.Configuration, path[(at + 1)..], scheme, nameof(address));
        }

        foreach (var setting in (question < 0 ? "" : rest[(question + 1)..]).Split(
            '&', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = setting.Split('=', 2);
            options = Set(
                options,
                Uri.UnescapeDataString(pair[0]),
                pair.Length > 1 ? Uri.UnescapeDataString(pair[1]) : "",
                nameof(address));
        }

        return scheme == "redis+sentinel" && options.Configuration.ServiceName is null
            ? throw Unreadable("it names no service, as in ?service=mymaster", nameof(address))
            : options;
    }

    private static void SetUser(ConfigurationOptions configuration, string text)
    {
        // As in Celery's addresses, a password may stand alone after the colon.
        var parts = text.Split(':', 2);
        configuration.User = parts[0].Length == 0 ? null : Uri.UnescapeDataString(parts[0]);
        configuration.Password = parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : null;
    }

    private static void SetHosts(ConfigurationOptions configuration, string text, string scheme, string parameter)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var hosts = slash < 0 ? text : text[..slash];
        if (slash >= 0 && slash + 1 < text.Length)
        {
            configuration.DefaultDatabase = Database(text[(slash + 1)..], parameter);
        }

        foreach (var host in hosts.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            configuration.EndPoints.Add(
                EndPoint(host, scheme == "redis+sentinel" ? SentinelPortDefault : PortDefault, parameter));
        }

        if (configuration.EndPoints.Count == 0)
        {
            throw Unreadable("it names no host", parameter);
        }
    }

    private static EndPoint EndPoint(string text, int portDefault, string parameter)
    {
        var close = text.IndexOf(']', StringComparison.Ordinal);
        var colon = text.IndexOf(':', Math.Max(close, 0));
        var host = (colon < 0 ? text : text[..colon]).Trim('[', ']');
        var port = colon < 0 ? portDefault
            : int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var given)
                && given is > 0 and <= 65_535
                    ? given
                    : throw Unreadable("its port is no number from 1 to 65535", parameter);
        return host.Length == 0 ? throw Unreadable("it names no host", parameter)
            : IPAddress.TryParse(host, out var ip) ? new IPEndPoint(ip, port)
            : new DnsEndPoint(host, port);
    }

    private static RedisStorageOptions Set(RedisStorageOptions options, string key, string value, string parameter)
    {
        switch (key.ToLowerInvariant())
        {
            case "prefix":
                return value.Length is > 0 and <= PrefixLengthMax
                    ? options with { Prefix = value }
                    : throw Unreadable($"the setting 'prefix' has 1 to {PrefixLengthMax} characters", parameter);
            case "global_keyprefix":
                return options with { GlobalKeyPrefix = value };
            case "priority_steps":
                return options with { PrioritySteps = Steps(value, parameter) };
            case "protocol":
                options.Configuration.Protocol = value switch
                {
                    "2" => RedisProtocol.Resp2,
                    "3" => RedisProtocol.Resp3,
                    _ => throw Unreadable("the setting 'protocol' is 2 or 3", parameter),
                };
                return options;
            case "database" or "virtual_host":
                options.Configuration.DefaultDatabase = Database(value, parameter);
                return options;
            case "service":
                options.Configuration.ServiceName = value;
                return options;
            default:
                // The name is not repeated: an unescaped question mark in a password makes the rest look like one.
                throw Unreadable(
                    "a setting in it is not known: prefix, global_keyprefix, priority_steps, protocol, database and "
                        + "service are",
                    parameter);
        }
    }

    private static int Database(string text, string parameter) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var database)
            ? database
            : throw Unreadable("its database is no number", parameter);

    private static int[] Steps(string text, string parameter)
    {
        var steps = text.Split(',')
            .Select(static text =>
                int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : -1)
            .ToArray();
        return RedisStorageOptions.AreSteps(steps)
            ? steps
            : throw Unreadable("the setting 'priority_steps' is a list that rises from 0 to 9 at most", parameter);
    }

    private static ArgumentException Unreadable(string why, string parameter) => new(
        $"The storage's address cannot be read: {why}. Write redis://user:password@host:6379/0 (with prefix, "
            + "global_keyprefix, priority_steps and protocol=2 or 3 where needed), rediss:// for TLS, "
            + "redis+socket:///run/redis.sock, or redis+sentinel://host1:26379,host2:26379/0?service=mymaster.",
        parameter);
}
