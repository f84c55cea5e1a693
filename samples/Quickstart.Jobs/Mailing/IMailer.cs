namespace Quickstart.Jobs.Mailing;

/// <summary>Sends mails. Safe for use by several threads.</summary>
public interface IMailer
{
    /// <exception cref="FormatException">The address is none: trying again will not help.</exception>
    Task SendAsync(Mail mail, CancellationToken cancellationToken);
}
