using MimeKit;
using MimeKit.Text;

namespace Quickstart.Jobs.Mailing;

/// <summary>A mail in plain text to one address.</summary>
public sealed record Mail(string To, string Subject, string Text)
{
    public static Mail Welcome(string to) => new(to, "Welcome 🌿", $"Hello {to},\n\nwelcome to the Quickstart.\n");

    public static Mail Subscribed(string to) => new(to, "Your subscription", $"Hello {to},\n\nyou are subscribed.\n");

    /// <summary>The mail as it travels. MimeKit encodes the texts, so that none of them can add a header.</summary>
    /// <exception cref="FormatException">The text is no mail address.</exception>
    internal MimeMessage ToMessage(string from, DateTimeOffset date)
    {
        if (!MailAddressAttribute.IsAddress(To))
        {
            throw new FormatException("The mail has no address such as name@example.com.");
        }

        var sender = new MailboxAddress(null, from);
        return new MimeMessage([sender], [new MailboxAddress(null, To)], Subject, new TextPart(TextFormat.Plain)
        {
            Text = Text,
        })
        {
            Date = date,
            MessageId = $"{Guid.CreateVersion7(date):N}@{sender.Domain}",
        };
    }
}
