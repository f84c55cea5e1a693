using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Lovage.AspNetCore.Tests.Sites;

/// <summary>A socket that speaks HTTP/1.1 by hand: no pool, no retry, closed when the test says.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly byte[] _buffer = new byte[16 * 1024];
    private readonly List<byte> _read = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<RawConnection> OpenAsync(Uri site)
    {
        var connection = new RawConnection();
        await connection._socket.ConnectAsync(IPAddress.Loopback, site.Port, Cancel);
        return connection;
    }

    /// <summary>Sends a request without waiting for an answer.</summary>
    public async Task SendAsync(string method, string path, string body = "", string type = "application/json") =>
        await _socket.SendAsync(
            Encoding.ASCII.GetBytes(
                $"{method} {path} HTTP/1.1\r\nHost: site\r\nContent-Type: {type}\r\nContent-Length: "
                    + $"{body.Length}\r\n\r\n{body}"),
            SocketFlags.None,
            Cancel);

    /// <summary>The next answer with its body.</summary>
    public async Task<RawAnswer> ReceiveAsync()
    {
        int end;
        while ((end = Encoding.Latin1.GetString([.. _read]).IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0)
        {
            Assert.True(await FillAsync(), "The server closed the connection before an answer.");
        }

        var head = Encoding.Latin1.GetString([.. _read[..end]]).Split("\r\n");
        _read.RemoveRange(0, end + 4);
        var headers = head.Skip(1)
            .Select(static line => line.Split(": ", 2))
            .ToLookup(static pair => pair[0], static pair => pair[1], StringComparer.OrdinalIgnoreCase);
        var body = headers["Transfer-Encoding"].Any()
            ? await ChunksAsync()
            : await TakeAsync(int.Parse(headers["Content-Length"].Single(), CultureInfo.InvariantCulture));
        return new RawAnswer(int.Parse(head[0].Split(' ')[1], CultureInfo.InvariantCulture), headers, body);
    }

    public async Task<RawAnswer> ExchangeAsync(string method, string path, string body = "")
    {
        await SendAsync(method, path, body);
        return await ReceiveAsync();
    }

    /// <summary>Waits for some bytes of an answer.</summary>
    public async Task ReadSomeAsync() => Assert.True(await FillAsync(), "The server closed the connection.");

    /// <summary>Goes: politely, with a FIN, or at once, with a reset.</summary>
    public void Close(bool reset)
    {
        if (reset)
        {
            _socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }

        _socket.Close();
    }

    public void Dispose() => _socket.Dispose();

    private async Task<string> ChunksAsync()
    {
        var body = new StringBuilder();
        while (true)
        {
            var line = "";
            while (!line.EndsWith("\r\n", StringComparison.Ordinal))
            {
                line += await TakeAsync(1);
            }

            var length = int.Parse(line.Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            body.Append(await TakeAsync(length));
            await TakeAsync(2);
            if (length == 0)
            {
                return body.ToString();
            }
        }
    }

    private async Task<string> TakeAsync(int count)
    {
        while (_read.Count < count)
        {
            Assert.True(await FillAsync(), "The server closed the connection within an answer.");
        }

        var text = Encoding.UTF8.GetString([.. _read[..count]]);
        _read.RemoveRange(0, count);
        return text;
    }

    private async Task<bool> FillAsync()
    {
        var count = await _socket.ReceiveAsync(_buffer, SocketFlags.None, Cancel)
            .AsTask()
            .WaitAsync(TestSite.Patience, Cancel);
        _read.AddRange(_buffer.AsSpan(0, count));
        return count > 0;
    }
}

internal sealed record RawAnswer(int Status, ILookup<string, string> Headers, string Body);
