using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Lovage.Quickstart.Tests.Endpoints;

/// <summary>The web app that only enqueues, for a worker in a process of its own.</summary>
public sealed class WebAppWithoutWorker()
    : QuickstartProcess("sqlite:lovage.db", "--Worker", "false", "--Logging:LogLevel:Default", "Information");

/// <summary>
/// The two samples beside each other, on one file and with one library of jobs: the worker runs what the web app
/// enqueues, and both define the same schedule.
/// </summary>
public sealed class WorkerProcessTests(WebAppWithoutWorker web) : IClassFixture<WebAppWithoutWorker>
{
    [Fact(Timeout = 60_000)]
    public async Task Worker_BesideTheWebApp_RunsItsJobsAndSharesItsSchedule()
    {
        var before = await web.FindScheduleAsync("daily-report");
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Worker.dll")])
        {
            WorkingDirectory = web.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var worker = Process.Start(start)!;
        var output = worker.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = worker.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            var id = await web.EnqueueAsync("/jobs/add", "[1, 2]");
            var task = await web.WaitAsync(id, "SUCCESS", "FAILURE");
            Assert.Equal("SUCCESS", task.GetProperty("status").GetString());
        }
        finally
        {
            using var kill = Process.Start("kill", ["-TERM", worker.Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync(CancellationToken.None);
            await worker.WaitForExitAsync(CancellationToken.None);
        }

        var said = await output + await errors;
        Assert.DoesNotContain("warn:", said, StringComparison.Ordinal);
        Assert.DoesNotContain("fail:", said, StringComparison.Ordinal);
        Assert.DoesNotContain("Schedule daily-report", said, StringComparison.Ordinal);
        var after = await web.FindScheduleAsync("daily-report");
        Assert.Equal(before.GetRawText(), after.GetRawText());
    }
}
