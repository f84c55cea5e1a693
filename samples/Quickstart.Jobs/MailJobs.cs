using Lovage;
using Quickstart.Jobs.Mailing;

namespace Quickstart.Jobs;

/// <summary>One handler for every rung: added after a response, spawned, or enqueued and run by a worker.</summary>
public sealed class MailJobs(IMailer mailer)
{
    [Job("mail.welcome", MaxAttempts = 5, NeverRetryOn = [typeof(FormatException)])]
    public Task WelcomeAsync([MailAddress] string email, CancellationToken cancellationToken) =>
        mailer.SendAsync(Mail.Welcome(email), cancellationToken);
}
