using Xunit;

namespace Lovage.Quickstart.Tests.Endpoints;

/// <summary>The start of the sample as it is, on the default storage and in production.</summary>
public sealed class StartTests
{
    [Fact(Timeout = 60_000)]
    public async Task Start_NothingConfigured_PrintsNoWarning()
    {
        await using var app = new DefaultQuickstart();
        await app.InitializeAsync();

        var (exit, output) = await app.TerminateAsync();

        Assert.True(exit == 0, output);
        Assert.Contains("Lovage storage: sqlite:lovage.db", output, StringComparison.Ordinal);
        Assert.Contains("Hosting environment: Production", output, StringComparison.Ordinal);
        Assert.DoesNotContain("warn:", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unsafe in production", output, StringComparison.Ordinal);
    }

    private sealed class DefaultQuickstart() : QuickstartProcess(storage: null);
}
