using System.Data.Common;
using System.Globalization;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql;

/// <summary>
/// Makes PostgreSQL storages from their address: <c>postgres://user:password@host:5432/database?schema=lovage</c>. User
/// and password are percent-encoded. Known settings are <c>schema</c>, <c>migrate</c> (<c>create</c>, <c>always</c>,
/// <c>never</c>), <c>hints</c> (<c>auto</c>, <c>poll</c>) and <c>calls</c> (1 to 100). Any other is a keyword of
/// Npgsql's connection string, such as <c>sslmode=require</c>. An address may also be <c>postgres:</c> followed by a
/// connection string.
/// </summary>
/// <remarks>Stateless, safe for use by several threads.</remarks>
public sealed class PostgreSqlStorageProvider : StorageProvider
{
    private const string SessionAttributes = "Target Session Attributes";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Schemes { get; } = ["postgres", "postgresql"];

    /// <inheritdoc/>
    public override JobStorage Create(string address, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(time);
        return new PostgreSqlStorage(Parse(address) with { Time = time });
    }

    /// <summary>Reads an address.</summary>
    /// <exception cref="ArgumentException">It cannot be read; the message repeats nothing of it.</exception>
    internal static PostgreSqlStorageOptions Parse(string address)
    {
        var colon = address.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0 || address[..colon].ToUpperInvariant() is not ("POSTGRES" or "POSTGRESQL"))
        {
            throw Unreadable("it does not begin with 'postgres:'", nameof(address));
        }

        var rest = address[(colon + 1)..];
        try
        {
            return rest.StartsWith("//", StringComparison.Ordinal)
                ? FromUrl(rest[2..], nameof(address))
                : FromConnectionString(rest, nameof(address));
        }
        catch (Exception fault) when (fault is FormatException or InvalidCastException
            || (fault is ArgumentException wrong && wrong.ParamName != nameof(address)))
        {
            // The message may quote a part of the address.
            throw Unreadable("a part of it cannot be read", nameof(address));
        }
    }

    // user:password@host:port/database?settings. Not System.Uri: it would refuse several hosts, and change the case of
    // the password's escapes.
    private static PostgreSqlStorageOptions FromUrl(string url, string parameter)
    {
        var question = url.IndexOf('?', StringComparison.Ordinal);
        var settings = question < 0 ? "" : url[(question + 1)..];
        var path = question < 0 ? url : url[..question];
        var at = path.LastIndexOf('@');
        var slash = path.IndexOf('/', at + 1);
        var hosts = path[(at + 1)..(slash < 0 ? path.Length : slash)];
        var builder = new NpgsqlConnectionStringBuilder();
        if (at >= 0)
        {
            var user = path[..at].Split(':', 2);
            builder.Username = Uri.UnescapeDataString(user[0]);
            builder.Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null;
        }

        if (hosts.Length > 0)
        {
            SetHost(builder, hosts, parameter);
        }

        if (slash >= 0 && slash + 1 < path.Length)
        {
            builder.Database = Uri.UnescapeDataString(path[(slash + 1)..]);
        }

        var options = new PostgreSqlStorageOptions { ConnectionString = "" };
        foreach (var setting in settings.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = setting.Split('=', 2);
            options = Set(
                options,
                builder,
                Uri.UnescapeDataString(pair[0]),
                pair.Length > 1 ? Uri.UnescapeDataString(pair[1]) : "",
                parameter);
        }

        return Finish(options, builder, parameter);
    }

    private static PostgreSqlStorageOptions FromConnectionString(string text, string parameter)
    {
        var parts = new DbConnectionStringBuilder { ConnectionString = text };
        var builder = new NpgsqlConnectionStringBuilder();
        var options = new PostgreSqlStorageOptions { ConnectionString = "" };
        foreach (string key in parts.Keys)
        {
            options = Set(
                options, builder, key, Convert.ToString(parts[key], CultureInfo.InvariantCulture) ?? "", parameter);
        }

        return Finish(options, builder, parameter);
    }

    private static PostgreSqlStorageOptions Finish(
        PostgreSqlStorageOptions options, NpgsqlConnectionStringBuilder builder, string parameter)
    {
        if (string.IsNullOrEmpty(builder.Host))
        {
            throw Unreadable("it names no host", parameter);
        }

        if (builder.ContainsKey(SessionAttributes)
            && !string.IsNullOrEmpty(Convert.ToString(builder[SessionAttributes], CultureInfo.InvariantCulture))
            && !builder.Host.Contains(',', StringComparison.Ordinal))
        {
            throw Unreadable($"'{SessionAttributes}' needs several hosts (host1,host2), and it names one", parameter);
        }

        // Left out it would be the user's name, which hides a slip of the pen.
        return string.IsNullOrEmpty(builder.Database)
            ? throw Unreadable("it names no database", parameter)
            : options with { ConnectionString = builder.ConnectionString };
    }

    private static void SetHost(NpgsqlConnectionStringBuilder builder, string hosts, string parameter)
    {
        // One host and its port apart, since that is how other tools show them; of several each brings its own.
        var close = hosts.IndexOf(']', StringComparison.Ordinal);
        var colon = hosts.IndexOf(':', Math.Max(close, 0));
        if (hosts.Contains(',', StringComparison.Ordinal) || colon < 0)
        {
            builder.Host = Uri.UnescapeDataString(hosts.Trim('[', ']'));
            return;
        }

        builder.Host = Uri.UnescapeDataString(hosts[..colon].Trim('[', ']'));
        builder.Port = int.TryParse(hosts[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > 0 and <= 65_535
            ? port
            : throw Unreadable("its port is no number from 1 to 65535", parameter);
    }

    private static PostgreSqlStorageOptions Set(
        PostgreSqlStorageOptions options,
        NpgsqlConnectionStringBuilder builder,
        string key,
        string value,
        string parameter)
    {
        switch (key.ToUpperInvariant())
        {
            case "SCHEMA":
                return options with { Schema = value };
            case "MIGRATE":
                return options with { Migration = ReadWord<PostgreSqlMigration>(value, "migrate", parameter) };
            case "HINTS":
                return options with { Hints = ReadWord<PostgreSqlHints>(value, "hints", parameter) };
            case "CALLS":
                return options with { CallsMax = ReadCalls(value, parameter) };
            default:
                SetKeyword(builder, key, value, parameter);
                return options;
        }
    }

    private static void SetKeyword(NpgsqlConnectionStringBuilder builder, string key, string value, string parameter)
    {
        var isSslMode = key.Equals("sslmode", StringComparison.OrdinalIgnoreCase);
        var keyword = isSslMode ? "SSL Mode" : key.Replace('_', ' ');
        if (!builder.ContainsKey(keyword))
        {
            throw Unreadable(
                $"{Shown(key)} is not known: it is neither schema, migrate, hints or calls nor a keyword of Npgsql",
                parameter);
        }

        try
        {
            builder[keyword] = isSslMode ? value.Replace("-", "", StringComparison.Ordinal) : value;
        }
        catch (Exception fault) when (fault is ArgumentException
            or FormatException
            or InvalidCastException
            or NotSupportedException
            or OverflowException)
        {
            // The fault may quote the value.
            throw Unreadable($"Npgsql refuses the value of {Shown(key)}", parameter);
        }
    }

    /// <summary>
    /// Names a setting. A text that is no word is not repeated: an unescaped question mark in a password makes the rest
    /// of the password look like one.
    /// </summary>
    private static string Shown(string key) =>
        key.Length is > 0 and <= 40 && key.All(static c => char.IsAsciiLetter(c) || c is ' ' or '_')
            ? $"the setting '{key}'"
            : "a setting in it";

    private static int ReadCalls(string value, string parameter) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var calls)
            && calls is > 0 and <= PostgreSqlStorageOptions.CallsLimit
                ? calls
                : throw Unreadable($"the setting 'calls' is 1 to {PostgreSqlStorageOptions.CallsLimit}", parameter);

    private static T ReadWord<T>(string value, string key, string parameter)
        where T : struct, Enum =>
        Array.Find(Enum.GetNames<T>(), name => name.Equals(value, StringComparison.OrdinalIgnoreCase)) is { } known
            ? Enum.Parse<T>(known)
            : throw Unreadable(
                $"the setting '{key}' is one of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}", parameter);

    private static ArgumentException Unreadable(string why, string parameter) => new(
        $"The storage's address cannot be read: {why}. Write "
            + "postgres://user:password@host:5432/database?schema=lovage (with migrate=create, always or never, and "
            + "hints=auto or poll, and calls=8, where needed).",
        parameter);
}
