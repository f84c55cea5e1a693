namespace Quickstart.Jobs.Mailing;

/// <summary>Sends mails. Safe for use by several threads.</summary>
public interface IMailer
{
    /// <exception cref="FormatException">The text is no mail address: another try will not help.</exception>
    Task SendAsync(Mail mail, CancellationToken cancellationToken);
}
