namespace Quickstart.Jobs.Mailing;

/// <summary>The section <c>Smtp</c>. Without a host, mails become files in the folder <c>outbox</c>.</summary>
public sealed class SmtpOptions
{
    internal const int ImplicitTlsPort = 465;

    public string? Host { get; set; }

    /// <summary>587 by default: submission, with STARTTLS. On port 465 the connection begins with TLS.</summary>
    public int Port { get; set; } = 587;

    /// <summary>The sender's address; needed with a host.</summary>
    public string? From { get; set; }

    public string? User { get; set; }

    public string? Password { get; set; }

    /// <summary>Whether the mailer starts TLS first; by default it does when it sends a password.</summary>
    public bool? UseTls { get; set; }
}
