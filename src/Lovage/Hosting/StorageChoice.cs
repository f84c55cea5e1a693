using System.Diagnostics.CodeAnalysis;
using Lovage.Storage;
using Lovage.Storage.Memory;

namespace Lovage;

/// <summary>
/// Makes the storage that an address names. It asks the providers registered as services for the scheme, then those of
/// this library, then the packages of this library that the app references. The names of these packages are constants,
/// so trimming keeps them.
/// </summary>
internal static class StorageChoice
{
    internal const string Default = "sqlite:lovage.db";

    /// <summary>Makes a storage without opening it.</summary>
    /// <param name="address">The address.</param>
    /// <param name="registered">Providers registered as services; the last one for a scheme wins.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="StorageException">No provider answers to its scheme, or it cannot be read. The message shows
    /// only the scheme, because an address may hold credentials.</exception>
    internal static JobStorage Create(string address, IReadOnlyList<StorageProvider> registered, TimeProvider time)
    {
        var scheme = SchemeOf(address);
        var provider = registered.LastOrDefault(candidate => Answers(candidate, scheme))
            ?? WellKnown(scheme, registered);
        try
        {
            return provider.Create(address, time);
        }
        catch (ArgumentException cause)
        {
            throw new StorageException(
                $"Storage '{Shown(scheme)}' cannot be used: {cause.Message}", isTransient: false, cause);
        }
    }

    internal static string SchemeOf(string address)
    {
        var colon = address.IndexOf(':', StringComparison.Ordinal);
        var scheme = colon < 0 ? "" : address[..colon];
        return scheme.Length is > 0 and <= 32
            && scheme.All(static c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.')
            ? scheme.ToLowerInvariant()
            : throw new StorageException(
                "The storage's address (Lovage:Storage, or the connection string named Lovage) has no scheme. "
                    + AdviceFor(address),
                isTransient: false);
    }

    /// <summary>What to write instead, without repeating any value.</summary>
    private static string AdviceFor(string address)
    {
        var keys = address.Split(';')
            .Where(static part => part.Contains('=', StringComparison.Ordinal))
            .Select(static part => part[..part.IndexOf('=', StringComparison.Ordinal)].Trim().ToUpperInvariant())
            .ToHashSet(StringComparer.Ordinal);
        return keys.Overlaps(["HOST", "SERVER"])
            ? "It looks like a connection string of Npgsql: write postgres: before it, as in postgres:Host=...;"
                + "Database=..."
            : keys.Overlaps(["DATA SOURCE", "DATASOURCE", "FILENAME"])
                ? "It looks like a connection string of SQLite: write sqlite: and the path alone, as in "
                    + "sqlite:lovage.db"
                : "Write sqlite:lovage.db, memory:, postgres://user@host/database or redis://host:6379/0.";
    }

    private static StorageProvider WellKnown(string scheme, IReadOnlyList<StorageProvider> registered) => scheme switch
    {
        "memory" => new MemoryStorageProvider(),
        "sqlite" => Sqlite() ?? throw Missing(
            scheme, "Lovage.Sqlite", " Or set Lovage:Storage to memory: to keep jobs in this process only."),
        "postgres" or "postgresql" => PostgreSql() ?? throw Missing(scheme, "Lovage.PostgreSql"),
        "redis" or "rediss" or "redis+socket" or "redis+sentinel" =>
            Redis() ?? throw Missing(scheme, "Lovage.Redis"),
        _ => throw new StorageException(
            $"Storage '{Shown(scheme)}' is not known. Known are memory, sqlite, postgres and "
                + $"redis{string.Concat(registered.SelectMany(static p => p.Schemes).Select(static s => ", " + s))}"
                + "; "
                + "another one is added with AddLovage().AddStorageProvider(...).",
            isTransient: false),
    };

    private static StorageException Missing(string scheme, string package, string otherwise = "") => new(
        $"Storage '{Shown(scheme)}' needs the package {package}: dotnet add package "
            + $"{package}{(otherwise.Length == 0 ? "" : "." + otherwise)}",
        isTransient: false);

    private static string Shown(string scheme) => scheme is "sqlite" or "memory" ? $"{scheme}:..." : $"{scheme}://...";

    private static bool Answers(StorageProvider provider, string scheme) =>
        provider.Schemes.Contains(scheme, StringComparer.OrdinalIgnoreCase);

    private static StorageProvider? Sqlite() =>
        Make(Type.GetType("Lovage.Sqlite.SqliteStorageProvider, Lovage.Sqlite"));

    private static StorageProvider? PostgreSql() =>
        Make(Type.GetType("Lovage.PostgreSql.PostgreSqlStorageProvider, Lovage.PostgreSql"));

    private static StorageProvider? Redis() =>
        Make(Type.GetType("Lovage.Redis.RedisStorageProvider, Lovage.Redis"));

    private static StorageProvider? Make(
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] Type? type) =>
        type is null ? null : (StorageProvider?)Activator.CreateInstance(type);
}
