using System.Diagnostics;
using System.Text;

namespace Lovage.Packaging;

/// <summary>What a command printed and how it ended.</summary>
internal sealed record CommandResult(int ExitCode, string Output);

/// <summary>Runs command lines as a user would.</summary>
internal static class Command
{
    // Native code for one app takes a minute of two quiet cores, and many times that on a busy machine.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(20);

    /// <summary>Runs to the end; its output is in the failure's text when it does not end well.</summary>
    internal static async Task<CommandResult> RunAsync(string folder, string file, params string[] arguments)
    {
        var output = new StringBuilder();
        using var process = Start(folder, file, arguments, line =>
        {
            lock (output)
            {
                output.AppendLine(line);
            }
        });
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"'{file} {string.Join(' ', arguments)}' did not end within {Limit}:\n{output}");
        }

        return new CommandResult(process.ExitCode, output.ToString());
    }

    /// <summary>Starts; each line of output and of errors goes to <paramref name="onLine"/>.</summary>
    internal static Process Start(string folder, string file, IEnumerable<string> arguments, Action<string> onLine)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // The settings of the build that runs this test must not reach the builds it starts.
        foreach (var name in start.Environment.Keys.Where(name =>
            name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || name is "CI").ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Hand(line.Data);
        process.ErrorDataReceived += (_, line) => Hand(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;

        void Hand(string? line)
        {
            if (line is not null)
            {
                onLine(line);
            }
        }
    }
}
