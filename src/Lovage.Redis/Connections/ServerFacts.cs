using System.Globalization;

namespace Lovage.Redis.Connections;

/// <summary>
/// What INFO says of the server (https://redis.io/docs/latest/commands/info/), and whether it can keep the storage's
/// promises.
/// </summary>
internal sealed class ServerFacts
{
    /// <summary>The first with a count for RPOP and with ZMSCORE.</summary>
    private static readonly Version VersionMin = new(6, 2);

    private readonly Dictionary<string, string> _fields = new(StringComparer.Ordinal);

    /// <param name="info">The text of INFO.</param>
    internal ServerFacts(string info)
    {
        foreach (var line in info.Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                _fields[line[..colon]] = line[(colon + 1)..].TrimEnd('\r');
            }
        }
    }

    internal string Version => _fields.GetValueOrDefault("redis_version", "?");

    /// <summary>Refuses a server on which jobs would be lost or scripts do not run.</summary>
    /// <exception cref="StorageException">It is such a server; the message says what to do.</exception>
    internal void Require(string description)
    {
        if (!System.Version.TryParse(Version, out var version) || version < VersionMin)
        {
            throw Refused($"runs Redis {Version}; {VersionMin} or later is needed.");
        }

        if (Is("cluster_enabled", "1"))
        {
            throw Refused(
                "is a cluster. Celery's keys of one queue lie in several slots there; use one primary with Sentinel.");
        }

        if (Policy.StartsWith("allkeys-", StringComparison.Ordinal))
        {
            throw Refused(
                $"may remove any key when its memory is full (maxmemory-policy {Policy}), and with it accepted jobs. "
                    + "Set maxmemory-policy to noeviction.");
        }

        if (Is("role", "slave"))
        {
            throw new StorageException(
                $"The storage {description} can only be read at the moment: it is a replica. The call can be repeated.",
                isTransient: true);
        }

        StorageException Refused(string why) => new($"The storage {description} {why}", isTransient: false);
    }

    /// <summary>Settings that are unsafe in production, one sentence each.</summary>
    internal IEnumerable<string> Warnings()
    {
        if (Policy.StartsWith("volatile-", StringComparison.Ordinal))
        {
            yield return "Redis may remove keys with a time to live when its memory is full (maxmemory-policy "
                + $"{Policy}). Lovage sets none, but results of Celery's workers have one. Set it to noeviction.";
        }

        if (Is("aof_enabled", "0"))
        {
            yield return "Redis keeps no append-only file: a crash of the server loses the jobs accepted since its "
                + "last snapshot, or all of them. Set appendonly to yes.";
        }
    }

    private string Policy => _fields.GetValueOrDefault("maxmemory_policy", "noeviction");

    private bool Is(string field, string value) => _fields.GetValueOrDefault(field) == value;

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"Redis {Version}, AOF {(Is("aof_enabled", "1") ? "on" : "off")}");
}
