using System.Globalization;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Connections;

/// <summary>Where the server is, for spans and metrics.</summary>
internal static class ServerAddress
{
    /// <summary>The server of a connection string.</summary>
    /// <returns>Null for several hosts: which one answers is not known, and may change.</returns>
    internal static StorageServer? Of(NpgsqlConnectionStringBuilder settings)
    {
        if (settings.Host is not { Length: > 0 } host || host.Contains(',', StringComparison.Ordinal))
        {
            return null;
        }

        if (host[0] is '/' or '@')
        {
            return new StorageServer(
                string.Create(CultureInfo.InvariantCulture, $"{host.TrimEnd('/')}/.s.PGSQL.{settings.Port}"));
        }

        // Npgsql takes a port in the host too; an IPv6 address has more colons than one.
        return host.Split(':') is [var name, var text]
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? new StorageServer(name, port)
            : new StorageServer(host, settings.Port);
    }
}
