using MailKit.Net.Smtp;
using MailKit.Security;

namespace Quickstart.Jobs.Mailing;

/// <summary>Sends mails over SMTP, one connection a mail.</summary>
public sealed class SmtpMailer(SmtpOptions options, TimeProvider time) : IMailer
{
    // MailKit's own limit of two minutes holds for each of its commands, not for the mail.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public async Task SendAsync(Mail mail, CancellationToken cancellationToken)
    {
        using var message = mail.ToMessage(options.From!, time.GetUtcNow());
        using var client = new SmtpClient();
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await client.ConnectAsync(options.Host!, options.Port, Security(), either.Token);
            if (options.User is { } user)
            {
                await client.AuthenticateAsync(user, options.Password ?? "", either.Token);
            }

            await client.SendAsync(message, either.Token);

            // The server has the mail. MailKit swallows what fails from here on, so that no retry sends it again.
            await client.DisconnectAsync(quit: true, either.Token);
        }
        catch (OperationCanceledException cause) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"The mail server did not take the mail within {Limit.TotalSeconds:0} s.", cause);
        }
    }

    private SecureSocketOptions Security() =>
        !(options.UseTls ?? options.User is not null) ? SecureSocketOptions.None
        : options.Port == SmtpOptions.ImplicitTlsPort ? SecureSocketOptions.SslOnConnect
        : SecureSocketOptions.StartTls;
}
