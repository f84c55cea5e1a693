using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Lovage.Protocol;

/// <summary>
/// A JSON writer over a pooled buffer with a cap. Each thread keeps one between calls. Only copies that
/// <see cref="ToArray"/> made outlive <see cref="Dispose"/>.
/// </summary>
internal sealed class JsonScratch : IBufferWriter<byte>, IDisposable
{
    private const int KeptBytesMax = 64 * 1024;
    private const int FirstBytes = 1024;

    // Utf8JsonWriter asks for at least this much, even when it needs less. For a text it asks for three times its
    // length.
    private const int WriterGrowth = 4096;
    private const int TextExpansionMax = 3;

    [ThreadStatic]
    private static JsonScratch? t_idle;

    [SuppressMessage(
        "Usage",
        "CA2213",
        Justification = "Reset and used again: disposing of this object gives it back to its thread.")]
    private readonly Utf8JsonWriter _writer;
    private byte[] _array = ArrayPool<byte>.Shared.Rent(FirstBytes);
    private int _count;
    private long _max;
    private string _job = "";

    private JsonScratch() => _writer = new Utf8JsonWriter(this, new JsonWriterOptions
    {
        // JSON readers read the text, and no page embeds it as it is. So quotes and angle brackets may stay.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = WireJson.DepthMax,
    });

    internal Utf8JsonWriter Writer => _writer;

    /// <summary>What was written and flushed.</summary>
    internal ReadOnlySpan<byte> Written => _array.AsSpan(0, _count);

    /// <summary>
    /// Takes the thread's idle writer, or makes one: a converter may encode another job while this one is being
    /// written.
    /// </summary>
    /// <param name="job">For the exception.</param>
    /// <param name="bytesMax">One byte more throws.</param>
    internal static JsonScratch Rent(string job = "", long bytesMax = int.MaxValue)
    {
        var scratch = t_idle ?? new JsonScratch();
        t_idle = null;
        scratch._job = job;
        scratch._max = bytesMax;
        return scratch;
    }

    /// <summary>Adds bytes as they are; the caller has flushed the writer.</summary>
    internal void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        Advance(bytes.Length);
    }

    /// <summary>No cap from here on.</summary>
    internal void LiftCap() => _max = int.MaxValue;

    internal byte[] ToArray() => Written.ToArray();

    public void Advance(int count)
    {
        _count += count;
        if (_count > _max)
        {
            throw TooLarge();
        }
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _array.AsMemory(_count, Offered(sizeHint));
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _array.AsSpan(_count, Offered(sizeHint));
    }

    public void Dispose()
    {
        _writer.Reset();
        _count = 0;
        _job = "";
        if (_array.Length > KeptBytesMax)
        {
            ArrayPool<byte>.Shared.Return(_array);
            _array = ArrayPool<byte>.Shared.Rent(FirstBytes);
        }

        t_idle = this;
    }

    private void Reserve(int sizeHint)
    {
        // A text that cannot fit is refused before its bytes are made.
        if (sizeHint > WriterGrowth && (sizeHint - WriterGrowth) / TextExpansionMax > _max - _count)
        {
            throw TooLarge();
        }

        var needed = (long)_count + Math.Max(sizeHint, 1);
        if (needed > _array.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(
                (int)Math.Min(Array.MaxLength, Math.Max(needed, _array.Length * 2L)));
            Written.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_array);
            _array = larger;
        }
    }

    /// <summary>
    /// The size to offer, no more than the cap leaves: a writer that fills it then asks again, and the cap can refuse.
    /// </summary>
    private int Offered(int sizeHint) =>
        (int)Math.Min(_array.Length - _count, Math.Max(Math.Max(sizeHint, 1), _max - _count + 1));

    private PayloadTooLargeException TooLarge() => new(_job, _max);
}
