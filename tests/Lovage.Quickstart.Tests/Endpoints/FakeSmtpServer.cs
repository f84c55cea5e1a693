using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace Lovage.Quickstart.Tests.Endpoints;

/// <summary>
/// As much of a mail server as a client needs to deliver one mail, on a free port. It lives as long as the test run.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Design", "CA1001", Justification = "It lives as long as the test run.")]
internal sealed class FakeSmtpServer
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Channel<ReceivedMail> _mails = Channel.CreateUnbounded<ReceivedMail>();
    private int _refusals;

    internal FakeSmtpServer()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    internal int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    internal int RefusalsLeft => Math.Max(0, Volatile.Read(ref _refusals));

    /// <summary>Answers the next mails with "451, try again later".</summary>
    internal void RefuseNext(int mails) => Volatile.Write(ref _refusals, mails);

    internal ValueTask<ReceivedMail> NextAsync(CancellationToken cancellationToken) =>
        _mails.Reader.ReadAsync(cancellationToken);

    private async Task AcceptAsync()
    {
        while (true)
        {
            _ = ServeAsync(await _listener.AcceptTcpClientAsync());
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var connection = client;
        using var reader = new StreamReader(client.GetStream(), Encoding.Latin1);
        await using var writer = new StreamWriter(client.GetStream(), Encoding.Latin1)
        {
            NewLine = "\r\n",
            AutoFlush = true,
        };
        var envelope = new List<string>();
        await writer.WriteLineAsync("220 test");
        while (await reader.ReadLineAsync() is { } line)
        {
            switch (line.Split(' ')[0].ToUpperInvariant())
            {
                case "DATA":
                    await writer.WriteLineAsync("354 go on");
                    var lines = new List<string>();
                    while (await reader.ReadLineAsync() is { } text and not ".")
                    {
                        lines.Add(text);
                    }

                    if (Interlocked.Decrement(ref _refusals) >= 0)
                    {
                        await writer.WriteLineAsync("451 try again later");
                        break;
                    }

                    await writer.WriteLineAsync("250 taken");
                    await _mails.Writer.WriteAsync(new ReceivedMail([.. envelope], lines));
                    break;
                case "QUIT":
                    await writer.WriteLineAsync("221 bye");
                    return;
                case "MAIL" or "RCPT":
                    envelope.Add(line);
                    await writer.WriteLineAsync("250 fine");
                    break;
                default:
                    await writer.WriteLineAsync("250 fine");
                    break;
            }
        }
    }
}

internal sealed record ReceivedMail(IReadOnlyList<string> Envelope, IReadOnlyList<string> Lines);
