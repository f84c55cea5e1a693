using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Lovage.PostgreSql.Schema;

/// <summary>The name of the schema, and SQL written for it. Safe for use by several threads.</summary>
internal sealed class SchemaName
{
    internal const string Default = "lovage";

    /// <summary>Characters at the most: the channel's name is longer by 7, and PostgreSQL allows it 63 bytes.</summary>
    internal const int LengthMax = 48;

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

    /// <summary>The channel of this schema's signals.</summary>
    internal string Channel => $"lovage:{Name}";

    /// <summary>The statement with this schema in place of <see cref="Tables.Placeholder"/>.</summary>
    /// <remarks>It writes the text anew: who runs a statement often keeps what it returns.</remarks>
    internal string Sql(string statement) =>
        statement.Replace(Tables.Placeholder, $"{Quoted}.", StringComparison.Ordinal);

    /// <summary>The key of an advisory lock.</summary>
    /// <remarks>It is taken from a digest, since others may use such locks in the same database.</remarks>
    internal long LockKey(string subject) =>
        BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"lovage/{Name}/{subject}")));

    private static bool IsPlain(string name) =>
        name.Length is > 0 and <= LengthMax
            && !char.IsAsciiDigit(name[0])
            && name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_');
}
