using System.Buffers.Text;
using System.Text;

namespace Lovage.Redis.Signals;

/// <summary>
/// Reads RESP3 (https://redis.io/docs/latest/develop/reference/protocol-spec/) as far as the wake connection needs it:
/// which values are pushes, and whether an answer is an error. Contents are passed over.
/// </summary>
internal sealed class RespReader(Stream stream)
{
    private const int DepthMax = 8;

    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _at;
    private int _end;

    /// <summary>Reads one value.</summary>
    /// <exception cref="IOException">The server closed the connection, or the value is no RESP3.</exception>
    internal async Task<RespValue> ReadAsync(CancellationToken cancellationToken)
    {
        var line = await LineAsync(cancellationToken);
        await SkipAsync(line, 0, cancellationToken);
        return line[0] switch
        {
            '>' => new RespValue(RespKind.Push, null),
            '-' or '!' => new RespValue(RespKind.Error, line[1..]),
            _ => new RespValue(RespKind.Answer, line[1..]),
        };
    }

    private async Task SkipAsync(string line, int depth, CancellationToken cancellationToken)
    {
        if (depth > DepthMax)
        {
            throw new IOException("The server's answer is nested too deep.");
        }

        switch (line[0])
        {
            case '$' or '=' or '!':
                await SkipBytesAsync(Number(line) is var length && length < 0 ? 0 : length + 2, cancellationToken);
                break;
            case '*' or '~' or '>':
                await SkipValuesAsync(Number(line), depth, cancellationToken);
                break;
            case '%' or '|':
                await SkipValuesAsync(2 * Number(line), depth, cancellationToken);
                break;
            case '+' or '-' or ':' or '_' or '#' or ',' or '(':
                break;
            default:
                throw new IOException("The server's answer is no RESP3.");
        }
    }

    private async Task SkipValuesAsync(long count, int depth, CancellationToken cancellationToken)
    {
        for (var i = 0L; i < count; i++)
        {
            await SkipAsync(await LineAsync(cancellationToken), depth + 1, cancellationToken);
        }
    }

    private async Task SkipBytesAsync(long count, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            await FillAsync(cancellationToken);
            var step = (int)Math.Min(count, _end - _at);
            _at += step;
            count -= step;
        }
    }

    private async Task<string> LineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (true)
        {
            await FillAsync(cancellationToken);
            var end = _buffer.AsSpan(_at, _end - _at).IndexOf((byte)'\n');
            var length = end < 0 ? _end - _at : end;
            line.Append(Encoding.UTF8.GetString(_buffer, _at, length));
            _at += end < 0 ? length : end + 1;
            if (end >= 0)
            {
                return line.Length > 1 && line[^1] == '\r'
                    ? line.ToString(0, line.Length - 1)
                    : throw new IOException("The server's answer is no RESP3.");
            }

            if (line.Length > _buffer.Length)
            {
                throw new IOException("A line of the server's answer is too long.");
            }
        }
    }

    private async ValueTask FillAsync(CancellationToken cancellationToken)
    {
        if (_at < _end)
        {
            return;
        }

        (_at, _end) = (0, await stream.ReadAsync(_buffer, cancellationToken));
        if (_end == 0)
        {
            throw new IOException("The server closed the connection.");
        }
    }

    private static long Number(string line) =>
        Utf8Parser.TryParse(Encoding.ASCII.GetBytes(line, 1, line.Length - 1), out long value, out _)
            ? value
            : throw new IOException("The server's answer is no RESP3.");
}

/// <summary>What a value of the server's is.</summary>
internal enum RespKind
{
    /// <summary>The answer to a command.</summary>
    Answer = 0,

    /// <summary>An answer that says what was wrong.</summary>
    Error = 1,

    /// <summary>Something that the server tells by itself.</summary>
    Push = 2,
}

/// <summary>One value of the server's.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its first line without the first byte; null for a push.</param>
internal readonly record struct RespValue(RespKind Kind, string? Text);
