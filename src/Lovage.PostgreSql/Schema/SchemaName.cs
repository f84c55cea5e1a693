using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Lovage.PostgreSql.Schema;

/// <summary>The name of the schema, and SQL written for it. Safe for use by several threads.</summary>
internal sealed class SchemaName
{
    internal const string Default = "lovage";

    /// <summary>
    /// With "lovage:" before it the name is that of the channel too, which PostgreSQL bounds at 63 bytes.
    /// </summary>
    internal const int LengthMax = 48;

    private readonly ConcurrentDictionary<string, string> _statements = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException">It is no plain name.</exception>
    internal SchemaName(string name)
    {
        if (!IsPlain(name))
        {
            throw new ArgumentException(
                $"The schema cannot have this name: 1 to {LengthMax} characters of a-z 0-9 _ are expected, the first "
                    + "no digit.",
                nameof(name));
        }

        Name = name;
        Quoted = $"\"{name}\"";
    }

    internal string Name { get; }

    internal string Quoted { get; }

    /// <summary>Where hints travel: one channel a schema.</summary>
    internal string Channel => $"lovage:{Name}";

    /// <summary>The statement with this schema in place of <see cref="Tables.Placeholder"/>.</summary>
    internal string Sql(string statement) =>
        _statements.GetOrAdd(
            statement,
            static (text, schema) => text.Replace(Tables.Placeholder, $"{schema.Quoted}.", StringComparison.Ordinal),
            this);

    /// <summary>
    /// The key of an advisory lock. Others may use such locks in the same database, so it is taken from a digest.
    /// </summary>
    internal long LockKey(string subject) =>
        BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"lovage/{Name}/{subject}")));

    private static bool IsPlain(string name) =>
        name.Length is > 0 and <= LengthMax
            && !char.IsAsciiDigit(name[0])
            && name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_');
}
