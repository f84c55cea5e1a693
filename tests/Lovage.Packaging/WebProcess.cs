using System.Diagnostics;
using System.Text.Json;

namespace Lovage.Packaging;

/// <summary>A web app in a process of its own.</summary>
internal static class WebProcess
{
    /// <summary>Starts it on a free port, lets <paramref name="use"/> talk to it, and kills it.</summary>
    /// <remarks><paramref name="onLine"/> gets each line that it prints.</remarks>
    internal static async Task ServesAsync(
        string folder,
        string file,
        IEnumerable<string> arguments,
        Func<HttpClient, Process, Task> use,
        Action<string>? onLine = null)
    {
        const string Listening = "Now listening on: ";
        var lines = new List<string>();
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var process = Command.Start(folder, file, [.. arguments, "--urls", "http://127.0.0.1:0"], line =>
        {
            lock (lines)
            {
                lines.Add(line);
            }

            onLine?.Invoke(line);
            if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at)
            {
                address.TrySetResult(new Uri(line[(at + Listening.Length)..].Trim()));
            }
        });
        try
        {
            using var http = new HttpClient
            {
                BaseAddress = await address.Task.WaitAsync(TimeSpan.FromSeconds(60)),
                Timeout = TimeSpan.FromSeconds(60),
            };
            await use(http, process);
        }
        catch (Exception fault)
            when (fault is TimeoutException or HttpRequestException or TaskCanceledException or JsonException)
        {
            Assert.Fail($"{fault.Message}\n{string.Join('\n', lines)}");
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
    }
}
