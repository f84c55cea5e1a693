using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Quickstart.Jobs.Mailing;

public static class MailerServices
{
    /// <summary>
    /// The mailer that the section <c>Smtp</c> describes; each process that runs <see cref="MailJobs"/> needs one.
    /// </summary>
    /// <exception cref="InvalidOperationException">A host is configured without a sender.</exception>
    public static IServiceCollection AddMailer(this IServiceCollection services, IConfiguration configuration)
    {
        var smtp = configuration.GetSection("Smtp").Get<SmtpOptions>() ?? new SmtpOptions();
        if (smtp.Host is not null && !MailAddressAttribute.IsAddress(smtp.From ?? ""))
        {
            throw new InvalidOperationException(
                "Smtp:Host is set, so Smtp:From must be the sender's address, such as shop@example.com.");
        }

        services.TryAddSingleton<IMailer>(provider =>
        {
            var time = provider.GetRequiredService<TimeProvider>();
            return smtp.Host is null ? new OutboxMailer("outbox", time) : new SmtpMailer(smtp, time);
        });
        return services;
    }
}
