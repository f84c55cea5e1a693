using Lovage.Storage;

namespace Lovage.Sqlite;

/// <summary>
/// Makes SQLite storages from their address: <c>sqlite:lovage.db</c>, <c>sqlite:/var/lib/app/lovage.db</c>,
/// <c>sqlite:lovage.db?synchronous=normal</c>, <c>sqlite:shop.db?shared=true</c>. What stands between the scheme and
/// the question mark is a path and nothing else; SQLite's own URI options are not read.
/// </summary>
/// <remarks>Stateless, safe for use by several threads.</remarks>
public sealed class SqliteStorageProvider : StorageProvider
{
    private const string Prefix = "sqlite:";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Schemes { get; } = ["sqlite"];

    /// <inheritdoc/>
    public override JobStorage Create(string address, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(time);
        if (!address.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            throw Unreadable("it does not begin with 'sqlite:'", nameof(address));
        }

        var rest = address[Prefix.Length..];
        var question = rest.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? rest : rest[..question];
        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
        {
            throw Unreadable("it names no file", nameof(address));
        }

        var options = new SqliteStorageOptions { Path = path, Time = time };
        return new SqliteStorage(
            question < 0 ? options : ReadSettings(options, rest[(question + 1)..], nameof(address)));
    }

    private static SqliteStorageOptions ReadSettings(SqliteStorageOptions options, string settings, string parameter)
    {
        foreach (var setting in settings.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            options = setting.ToUpperInvariant() switch
            {
                "SYNCHRONOUS=FULL" => options with { Synchronous = SqliteSynchronous.Full },
                "SYNCHRONOUS=NORMAL" => options with { Synchronous = SqliteSynchronous.Normal },
                "SHARED=TRUE" => options with { IsShared = true },
                "SHARED=FALSE" => options with { IsShared = false },
                _ => throw Unreadable(Unknown(setting.Split('=', 2)[0]), parameter),
            };
        }

        return options;
    }

    private static string Unknown(string key) => key.ToUpperInvariant() switch
    {
        "SYNCHRONOUS" => "the setting 'synchronous' is full or normal",
        "SHARED" => "the setting 'shared' is true or false",
        _ when key.Length <= 40 && key.All(char.IsAsciiLetter) => $"the setting '{key}' is not known",
        _ => "a setting in it is not known",
    };

    private static ArgumentException Unreadable(string why, string parameter) =>
        new(
            $"The storage's address cannot be read: {why}. Write sqlite:PATH; after a question mark "
                + "may follow synchronous=full or normal, and shared=true, joined by '&'.",
            parameter);
}
