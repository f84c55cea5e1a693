using System.Threading.Channels;
using Quickstart.Jobs.Mailing;

namespace Quickstart.Tests;

/// <summary>Keeps mails for the test, which awaits them instead of looking again and again.</summary>
public sealed class FakeMailer : IMailer
{
    private readonly Channel<Mail> _mails = Channel.CreateUnbounded<Mail>();
    private int _tries;

    /// <summary>Thrown at each try when it is set.</summary>
    public Exception? Error { get; set; }

    /// <summary>Awaited before a mail is taken, so that a test can hold it back.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    public int Tries => Volatile.Read(ref _tries);

    public ValueTask<Mail> NextAsync(CancellationToken cancellationToken) => _mails.Reader.ReadAsync(cancellationToken);

    public async Task SendAsync(Mail mail, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _tries);
        if (Error is { } error)
        {
            throw error;
        }

        await Gate.WaitAsync(cancellationToken);
        _mails.Writer.TryWrite(mail);
    }
}
