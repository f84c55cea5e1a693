using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Lovage.Quickstart.Tests.Endpoints;

/// <summary>The built sample, in a process and a folder of its own, on a free port.</summary>
public abstract class QuickstartProcess(string? storage, params string[] settings) : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("quickstart-");
    private readonly StringBuilder _output = new();
    private Process? _process;

    public HttpClient Http { get; private set; } = new();

    public TimeSpan StartTime { get; private set; }

    /// <summary>The processor time that the sample has used since its start.</summary>
    internal TimeSpan ProcessorTime
    {
        get
        {
            _process!.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>The sample's working folder.</summary>
    internal string Folder => _folder.FullName;

    /// <summary>A file in the sample's working folder.</summary>
    internal string File(string name) => Path.Combine(_folder.FullName, name);

    public async ValueTask InitializeAsync() => await StartAsync();

    /// <summary>kill -9, and a new process in the same folder; between the two nothing runs for that long.</summary>
    internal async Task RestartAsync(TimeSpan pause)
    {
        await KillAsync();
        await Task.Delay(pause, TestContext.Current.CancellationToken);
        Http.Dispose();
        Http = new HttpClient();
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Http.Dispose();
        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>SIGTERM; returns once the process has ended.</summary>
    internal async Task<(int ExitCode, string Output)> TerminateAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", _process!.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        lock (_output)
        {
            return (_process.ExitCode, _output.ToString());
        }
    }

    internal Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null, null);

    internal Task<Answer> PutAsync(string path, string body) =>
        SendAsync(HttpMethod.Put, path, body, "application/json");

    internal Task<Answer> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path, null, null);

    internal Task<Answer> PostAsync(string path, string? body = null, string contentType = "application/json") =>
        SendAsync(HttpMethod.Post, path, body, contentType);

    internal async Task<string> EnqueueAsync(string path, string? body = null, string contentType = "application/json")
    {
        var answer = await PostAsync(path, body, contentType);
        Assert.True(answer.Status == 202, answer.Text);
        var id = answer.Json.GetProperty("task_id").GetString()!;
        Assert.Equal($"/task/{id}", answer.Location);
        return id;
    }

    /// <summary>Asks until the job has come that far; the test's own time limit bounds it.</summary>
    internal async Task<JsonElement> WaitAsync(string id, params string[] statuses)
    {
        while (true)
        {
            var task = (await GetAsync($"/task/{id}")).Json;
            if (statuses.Contains(task.GetProperty("status").GetString()))
            {
                return task;
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>
    /// Asks until the schedule is there: the app answers before it has stored the schedules of its code.
    /// </summary>
    internal async Task<JsonElement> FindScheduleAsync(string id)
    {
        while (true)
        {
            foreach (var schedule in (await GetAsync("/schedules")).Json.EnumerateArray())
            {
                if (schedule.GetProperty("id").GetString() == id)
                {
                    return schedule;
                }
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Asks until a schedule is as it should be; the test's own time limit bounds it.</summary>
    internal async Task<JsonElement> WaitForScheduleAsync(string id, Func<JsonElement, bool> condition)
    {
        while (true)
        {
            var schedule = await FindScheduleAsync(id);
            if (condition(schedule))
            {
                return schedule;
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    internal async Task<Answer> SendAsync(HttpMethod method, string path, string? body, string? contentType)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null)
        {
            // The server refuses a large body by its length; without this it would hang up on a sender in the middle.
            request.Headers.ExpectContinue = body.Length > 1_000_000;
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType!);
        }

        using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new Answer(
            (int)response.StatusCode,
            response.Content.Headers.ContentType?.MediaType,
            response.Headers.Location?.ToString(),
            text);
    }

    private async Task StartAsync()
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = _folder.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "Quickstart.dll"), "--urls", "http://127.0.0.1:0" },
        };
        if (storage is not null)
        {
            start.ArgumentList.Add("--Lovage:Storage");
            start.ArgumentList.Add(storage);
        }

        foreach (var setting in settings)
        {
            start.ArgumentList.Add(setting);
        }

        var clock = Stopwatch.StartNew();
        var listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = Process.Start(start)!;
        _process.EnableRaisingEvents = true;
        _process.Exited += (_, _) => listening.TrySetException(
            new InvalidOperationException($"The sample ended: {_output}"));
        _process.OutputDataReceived += (_, line) => Read(line.Data, listening);
        _process.ErrorDataReceived += (_, line) => Read(line.Data, listening);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Http.BaseAddress = await listening.Task.WaitAsync(TimeSpan.FromSeconds(60));
        using var health = await Http.GetAsync(new Uri("/health", UriKind.Relative));
        StartTime = clock.Elapsed;
    }

    private async Task KillAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
        _process = null;
    }

    private void Read(string? line, TaskCompletionSource<Uri> listening)
    {
        const string Mark = "Now listening on: ";
        lock (_output)
        {
            _output.AppendLine(line);
        }

        if (line?.IndexOf(Mark, StringComparison.Ordinal) is >= 0 and var at)
        {
            listening.TrySetResult(new Uri(line[(at + Mark.Length)..].Trim()));
        }
    }
}

internal sealed record Answer(int Status, string? ContentType, string? Location, string Text)
{
    public JsonElement Json => JsonElement.Parse(Text);

    /// <summary>The detail of what must be problem details.</summary>
    public string Problem(int status)
    {
        Assert.True(Status == status, $"{Status}: {Text}");
        Assert.Equal("application/problem+json", ContentType);
        Assert.Equal(status, Json.GetProperty("status").GetInt32());
        Assert.DoesNotContain("   at ", Text, StringComparison.Ordinal);
        Assert.Single(Json.EnumerateObject(), static field => field.Name is "traceId" or "trace_id");
        return Json.GetProperty("detail").GetString()!;
    }
}
