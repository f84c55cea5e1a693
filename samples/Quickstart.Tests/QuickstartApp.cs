using Lovage;
using Lovage.Testing;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Quickstart.Jobs;
using Quickstart.Jobs.Mailing;

namespace Quickstart.Tests;

/// <summary>
/// The Quickstart as it is, in this process. The test controls the storage, the clock, the files, the mails, and who
/// runs the jobs.
/// </summary>
public sealed class QuickstartApp(Action<LovageBuilder>? change = null) : WebApplicationFactory<Program>
{
    /// <summary>Whose midnight ends the day of a report.</summary>
    public const string TimeZone = "Asia/Shanghai";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("quickstart-tests-");
    private readonly TaskCompletionSource<TaskFailure> _failure = new(
        TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Stands still until a test moves it, at 2026-01-01 00:00 UTC.</summary>
    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public FakeMailer Mailer { get; } = new();

    /// <summary>The first task of this process that failed for good.</summary>
    public Task<TaskFailure> Failure => _failure.Task;

    public string File(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>A stop waits for the tasks that were accepted, so afterwards all of them have ended.</summary>
    public Task StopAsync(CancellationToken cancellationToken) =>
        Services.GetRequiredService<IHost>().StopAsync(cancellationToken);

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("Worker", "false");              // no worker: the test runs the jobs
        builder.UseSetting("Lovage:Storage", "memory:");
        builder.UseSetting("Reports:TimeZone", TimeZone);
        builder.ConfigureLogging(logging => logging.ClearProviders());
        builder.ConfigureTestServices(services =>
        {
            services.AddSingleton(new ItemLog(File("logs.txt")));
            services.AddSingleton(new ReportPlace(File("reports"), TimeZone));
            services.AddSingleton<IMailer>(Mailer);
            var lovage = new LovageBuilder(services)
                .UseTime(Time)
                .OnTaskFailure(failure => _failure.TrySetResult(failure));
            change?.Invoke(lovage);
        });
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing && _folder.Exists)
        {
            _folder.Delete(recursive: true);
        }
    }
}
