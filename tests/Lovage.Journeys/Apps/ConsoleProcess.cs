using System.Diagnostics;
using System.Text;

namespace Lovage.Journeys.Apps;

/// <summary>The console's own sample, in a process of its own over a storage that another app uses.</summary>
internal sealed class ConsoleProcess : IAsyncDisposable
{
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Process _process;

    private ConsoleProcess(string folder, string[] settings)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])[
            Path.Combine(AppContext.BaseDirectory, "Console.dll"), "--urls", "http://127.0.0.1:0", "--environment",
            "Development", .. settings])
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        _process.EnableRaisingEvents = true;
        _process.Exited += (_, _) => _listening.TrySetException(
            new InvalidOperationException($"The sample ended: {_output}"));
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => Read(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Starts it in a folder, where its storage's file is.</summary>
    /// <returns>The process, and where it listens.</returns>
    internal static async Task<(ConsoleProcess Process, Uri Address)> StartAsync(
        string folder, params string[] settings)
    {
        var process = new ConsoleProcess(folder, settings);
        return (process, await process._listening.Task.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private void Read(string? line)
    {
        const string Mark = "Now listening on: ";
        lock (_output)
        {
            _output.AppendLine(line);
        }

        if (line?.IndexOf(Mark, StringComparison.Ordinal) is >= 0 and var at)
        {
            _listening.TrySetResult(new Uri(line[(at + Mark.Length)..].Trim()));
        }
    }
}
