using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Lovage;

/// <summary>
/// Makes job ids as UUIDv7. They sort by the time at which they were made, so an index on them grows at one end. Ids
/// that one source makes in one millisecond are in order too (RFC 9562, section 6.2, method 1).
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
public sealed class JobIdSource
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly Random? _random;
    private readonly byte[] _pool = new byte[1024];
    private int _poolUsed;
    private long _lastMilliseconds;
    private int _sequence;

    /// <summary>Makes a source.</summary>
    /// <param name="time">The clock whose milliseconds the ids carry.</param>
    /// <param name="random">Null (the default) for the operating system's secure source; a seeded one makes ids
    /// repeatable in tests.</param>
    public JobIdSource(TimeProvider time, Random? random = null)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _random = random;
        _poolUsed = _pool.Length;
    }

    /// <summary>The next id.</summary>
    public JobId Next()
    {
        Span<byte> bytes = stackalloc byte[16];
        long milliseconds;
        int sequence;
        lock (_lock)
        {
            milliseconds = _time.GetUtcNow().ToUnixTimeMilliseconds();
            if (milliseconds > _lastMilliseconds)
            {
                _lastMilliseconds = milliseconds;
                _sequence = 0;
            }
            else if (++_sequence > 0xFFF)
            {
                // 4,096 ids in a millisecond, or a clock set back: borrow the next millisecond and stay in order.
                _lastMilliseconds++;
                _sequence = 0;
            }

            milliseconds = _lastMilliseconds;
            sequence = _sequence;
            FillNeedsLock(bytes[8..]);
        }

        BinaryPrimitives.WriteInt64BigEndian(bytes, milliseconds << 16);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[6..], (ushort)(0x7000 | sequence));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return JobId.Trusted(new Guid(bytes, bigEndian: true).ToString());
    }

    private void FillNeedsLock(Span<byte> target)
    {
        if (_random is not null)
        {
            _random.NextBytes(target);
            return;
        }

        if (_poolUsed + target.Length > _pool.Length)
        {
            RandomNumberGenerator.Fill(_pool);
            _poolUsed = 0;
        }

        _pool.AsSpan(_poolUsed, target.Length).CopyTo(target);
        _poolUsed += target.Length;
    }
}
