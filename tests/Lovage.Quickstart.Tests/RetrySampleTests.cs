using System.Diagnostics;
using Xunit;

namespace Lovage.Quickstart.Tests;

/// <summary>The built sample of retries.</summary>
public sealed class RetrySampleTests
{
    [Fact(Timeout = 60_000)]
    public async Task Main_EveryStep_ComesOutAsItShould()
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Retry.dll")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(process.ExitCode == 0, $"{output}\n{await errors}");
        Assert.Equal("", await errors);
        var lines = output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            [
                "200 after 3 calls",
                "404, not retried",
                "503, gave up after 4 calls",
                "gave up after 1 s",
                "the job Succeeded with 1.0842 in 2 attempts and 5 calls",
                "Everything came out as it should.",
            ],
            lines.Where(line => line[1] != '.'
                && !line.StartsWith("call ", StringComparison.Ordinal)
                && !line.StartsWith("attempt ", StringComparison.Ordinal)));
        Assert.Equal(
            ["attempt 1 of the job", "attempt 2 of the job"],
            lines.Where(line => line.StartsWith("attempt ", StringComparison.Ordinal)));
    }
}
