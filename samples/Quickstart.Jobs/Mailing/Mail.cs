namespace Quickstart.Jobs.Mailing;

/// <summary>A mail in plain text to one address.</summary>
public sealed record Mail(string To, string Subject, string Text)
{
    public static Mail Welcome(string to) => new(to, "Welcome 🌿", $"Hello {to},\n\nwelcome to the Quickstart.\n");

    public static Mail Subscribed(string to) => new(to, "Your subscription", $"Hello {to},\n\nyou are subscribed.\n");

    /// <exception cref="FormatException">The text is no mail address.</exception>
    internal void CheckAddress()
    {
        if (!MailAddressAttribute.IsAddress(To))
        {
            throw new FormatException("The mail has no address such as name@example.com.");
        }
    }
}
