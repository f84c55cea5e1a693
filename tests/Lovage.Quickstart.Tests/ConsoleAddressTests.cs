using System.Diagnostics;
using System.Net;
using Xunit;

namespace Lovage.Quickstart.Tests;

/// <summary>
/// What a reader of the README sees: <c>dotnet run</c> starts a sample in Development, so that its console is open to
/// this machine.
/// </summary>
public sealed class ConsoleAddressTests
{
    private const string Line = "Lovage console: ";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory(Timeout = 120_000)]
    [InlineData("Quickstart")]
    [InlineData("Console")]
    public async Task Run_ASampleWithAConsole_OpensItAtTheAddressThatItNames(string sample)
    {
        var folder = Directory.CreateTempSubdirectory("lovage-run-");
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = folder.FullName,
            RedirectStandardOutput = true,
            ArgumentList =
            {
                "run", "--no-build", "--configuration", "Release", "--project",
                Path.Combine(Root(), "samples", sample), "--", "--urls", "http://127.0.0.1:0", "--Lovage:Storage",
                "memory:",
            },
        };
        start.Environment.Remove("ASPNETCORE_ENVIRONMENT");
        start.Environment.Remove("DOTNET_ENVIRONMENT");
        using var process = Process.Start(start)!;
        try
        {
            string? text;
            do
            {
                text = await process.StandardOutput.ReadLineAsync(Stop);
                Assert.NotNull(text);
            }
            while (!text.Contains(Line, StringComparison.Ordinal));

            var address = text[(text.IndexOf(Line, StringComparison.Ordinal) + Line.Length)..].Split(' ')[0];
            using var client = new HttpClient();
            using var answer = await client.GetAsync(new Uri(address), Stop);

            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Contains("<title>Lovage", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            folder.Delete(recursive: true);
        }
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Lovage.slnx")))
        {
            folder = Path.GetDirectoryName(folder)
                ?? throw new InvalidOperationException("The repository's folder is not above the tests.");
        }

        return folder;
    }
}
