using System.Globalization;
using System.Net;
using System.Net.Mail;
using System.Text;

namespace Quickstart.Jobs.Mailing;

/// <summary>Sends mails over SMTP.</summary>
/// <remarks>
/// System.Net.Mail.SmtpClient comes with .NET and is enough for a sample: it encodes what it sends and knows STARTTLS
/// and passwords. It knows no implicit TLS (port 465) and no OAuth; an app that needs those puts a mail library behind
/// <see cref="IMailer"/>.
/// </remarks>
public sealed class SmtpMailer(SmtpOptions options, TimeProvider time) : IMailer
{
    // SmtpClient.Timeout does not hold for its asynchronous calls.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public async Task SendAsync(Mail mail, CancellationToken cancellationToken)
    {
        mail.CheckAddress();
        using var message = new MailMessage(options.From!, mail.To, mail.Subject, mail.Text.ReplaceLineEndings("\r\n"))
        {
            SubjectEncoding = Encoding.UTF8,
            BodyEncoding = Encoding.UTF8,
        };
        var now = time.GetUtcNow();
        message.Headers.Add("Date", now.ToString("ddd, dd MMM yyyy HH:mm:ss +0000", CultureInfo.InvariantCulture));
        message.Headers.Add("Message-ID", $"<{Guid.CreateVersion7(now):N}@{message.From!.Host}>");

        using var client = new SmtpClient(options.Host, options.Port)
        {
            EnableSsl = options.UseTls ?? options.User is not null,
            Credentials = options.User is null ? null : new NetworkCredential(options.User, options.Password),
        };
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await client.SendMailAsync(message, either.Token);
        }
        catch (OperationCanceledException cause) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"The mail server did not take the mail within {Limit.TotalSeconds:0} s.", cause);
        }
    }
}
