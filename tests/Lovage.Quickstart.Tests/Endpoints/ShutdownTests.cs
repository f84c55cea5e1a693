using Xunit;

namespace Lovage.Quickstart.Tests.Endpoints;

/// <summary>
/// SIGTERM, as a supervisor sends it: the app waits for accepted tasks and names those that cannot end in time.
/// </summary>
public sealed class ShutdownTests
{
    private const int TimeLimit = 60_000;

    [Fact(Timeout = TimeLimit)]
    public async Task Terminate_TaskDueWithinTheBudget_StillRuns()
    {
        await using var app = new PatientQuickstart();
        await app.InitializeAsync();
        Assert.Equal(200, (await app.PostAsync("/subscribe/?email=ada@example.com")).Status);

        var (exit, output) = await app.TerminateAsync();

        Assert.True(exit == 0, output);
        Assert.Contains("waiting for 1 tasks", output, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(app.File("outbox"), "*.eml"));
    }

    [Fact(Timeout = TimeLimit)]
    public async Task Terminate_TaskDueBeyondTheBudget_IsNamed()
    {
        await using var app = new HastyQuickstart();
        await app.InitializeAsync();
        Assert.Equal(200, (await app.PostAsync("/subscribe/?email=ada@example.com")).Status);

        var (exit, output) = await app.TerminateAsync();

        Assert.True(exit == 0, output);
        Assert.Contains(
            "1 tasks of this process do not end in time and are cancelled: mail.subscribed",
            output,
            StringComparison.Ordinal);
        Assert.False(
            Directory.Exists(app.File("outbox")) && Directory.GetFiles(app.File("outbox"), "*.eml").Length > 0);
    }

    private sealed class PatientQuickstart() : QuickstartProcess("memory:");

    private sealed class HastyQuickstart() : QuickstartProcess("memory:", "--Lovage:Local:DrainTime", "00:00:01");
}
