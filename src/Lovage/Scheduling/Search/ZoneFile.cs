using System.Buffers.Binary;
using System.Security;
using System.Text;

namespace Lovage.Scheduling;

/// <summary>
/// Reads the last line of a zone file (TZif, RFC 9636), which says when the clock changes after all changes that the
/// file lists.
/// </summary>
/// <remarks>
/// .NET 10 cuts the hours of such a line to 0 to 23, so it changes the clock of some zones on a wrong day or hour
/// (https://github.com/dotnet/runtime/issues/14966). A file that lists the changes until 2037 hides it until then; a
/// "slim" file lists past changes only.
/// </remarks>
internal static class ZoneFile
{
    private const string DefaultFolder = "/usr/share/zoneinfo";
    private const int SizeMax = 1 << 20;

    private const int HeaderSize = 44;
    private const int VersionAt = 4;
    private const int CountsAt = 20;
    private const int ShortTimeSize = 4;
    private const int LongTimeSize = 8;
    private const int TypeSize = 6;
    private const int LeapSize = 4;

    private static readonly long UnixEpoch = DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerSecond;

    /// <summary>The rule of a zone of this machine, where .NET misreads it.</summary>
    /// <param name="id">The id, which must be safe as a path.</param>
    /// <returns>Null when .NET reads the file right, or when there is none.</returns>
    internal static ZoneRule? FindRule(string id)
    {
        try
        {
            var path = Path.Combine(Environment.GetEnvironmentVariable("TZDIR") ?? DefaultFolder, id);
            using var file = File.OpenRead(path);
            if (file.Length > SizeMax)
            {
                return null;
            }

            var content = new byte[file.Length];
            file.ReadExactly(content);
            return ReadRule(content) is { IsMisreadBySystem: true } rule ? rule : null;
        }
        catch (Exception fault) when (fault is IOException
            or UnauthorizedAccessException
            or SecurityException
            or NotSupportedException)
        {
            // Windows has no such files.
            return null;
        }
    }

    /// <summary>The rule of a file's last line, from the last change that the file lists.</summary>
    /// <returns>Null when the line has no daylight saving, or when it is no such file.</returns>
    internal static ZoneRule? ReadRule(ReadOnlySpan<byte> file)
    {
        // The first block has times of 32 bits, for old readers; the second has times of 64 bits.
        if (!TryReadBlock(file, ShortTimeSize, out var first)
            || file[VersionAt] < (byte)'2'
            || first.Size > file.Length
            || !TryReadBlock(file[first.Size..], LongTimeSize, out var second)
            || first.Size + second.Size > file.Length)
        {
            return null;
        }

        var block = file[first.Size..];
        var from = second.Times == 0
            ? long.MinValue
            : UnixEpoch + BinaryPrimitives.ReadInt64BigEndian(
                block[(HeaderSize + ((second.Times - 1) * LongTimeSize))..]);
        var line = block[second.Size..];
        return line.Length > 2 && line[0] == '\n' && line[^1] == '\n'
            ? ZoneRule.Parse(Encoding.ASCII.GetString(line[1..^1]), from)
            : null;
    }

    /// <summary>How large a block is with its header, and how many changes it lists.</summary>
    private static bool TryReadBlock(ReadOnlySpan<byte> block, int timeSize, out (int Size, int Times) found)
    {
        found = default;
        if (block.Length < HeaderSize || !block.StartsWith("TZif"u8))
        {
            return false;
        }

        var (utc, standard, leaps) = (Count(block, 0), Count(block, 1), Count(block, 2));
        var (times, types, letters) = (Count(block, 3), Count(block, 4), Count(block, 5));
        var size = HeaderSize + (times * (timeSize + 1)) + (types * TypeSize) + letters
            + (leaps * (timeSize + LeapSize)) + standard + utc;
        if (size > SizeMax)
        {
            return false;
        }

        found = ((int)size, (int)times);
        return true;

        static long Count(ReadOnlySpan<byte> block, int place) =>
            BinaryPrimitives.ReadUInt32BigEndian(block[(CountsAt + (place * sizeof(uint)))..]);
    }
}
