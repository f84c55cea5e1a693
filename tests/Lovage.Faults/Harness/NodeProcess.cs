using System.Diagnostics;
using System.Globalization;
using System.Text;
using Lovage.Faults.Node;

namespace Lovage.Faults.Harness;

/// <summary>How a node's worker works.</summary>
internal sealed record WorkerShape
{
    internal int Concurrency { get; init; } = 4;

    internal TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(2);

    internal TimeSpan Sweep { get; init; } = TimeSpan.FromMilliseconds(200);

    internal TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(5);

    internal TimeSpan Cancel { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Threads in the process's pool; null for as many as it takes.</summary>
    internal int? PoolThreads { get; init; }

    /// <summary>The queue that it serves.</summary>
    internal string Queue { get; init; } = "default";

    internal IEnumerable<string> Arguments()
    {
        yield return $"--Lovage:Worker:Queues:0={Queue}";
        yield return $"--Lovage:Worker:Concurrency={Concurrency}";
        yield return $"--Lovage:Worker:Lease={Lease:c}";
        yield return $"--Lovage:Worker:SweepInterval={Sweep:c}";
        yield return "--Lovage:Worker:PollInterval=00:00:00.2";
        yield return $"--Lovage:Worker:DrainTime={Drain:c}";
        yield return $"--Lovage:Worker:CancelTime={Cancel:c}";
        if (PoolThreads is { } threads)
        {
            yield return $"--pool={threads}";
        }
    }
}

/// <summary>A process that may be killed. Remembers when it was hit, for the oracle.</summary>
internal sealed class NodeProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly string _events;
    private readonly FaultRecord _faults;

    internal NodeProcess(string name, string folder, IEnumerable<string> arguments, FaultRecord faults)
    {
        Name = name;
        _faults = faults;
        _events = Path.Combine(folder, $"{name}.events");
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(typeof(FaultJobs).Assembly.Location);
        start.ArgumentList.Add($"--events={_events}");
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // A crash is wanted here, its dump is not.
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Id = _process.Id;
    }

    internal string Name { get; }

    internal int Id { get; }

    internal bool HasExited => _process.HasExited;

    internal int ExitCode => _process.ExitCode;

    /// <summary>What it logged so far, one event a line.</summary>
    internal IReadOnlyList<string> Events
    {
        get
        {
            if (!File.Exists(_events))
            {
                return [];
            }

            using var reader = new StreamReader(
                new FileStream(_events, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
    }

    /// <summary>What it wrote to its console, such as why it crashed.</summary>
    internal string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>How many events with this id it logged.</summary>
    internal int Count(int eventId)
    {
        var prefix = string.Create(CultureInfo.InvariantCulture, $"{eventId} ");
        return Events.Count(line => line.StartsWith(prefix, StringComparison.Ordinal));
    }

    /// <summary>SIGKILL; returns once the process is gone.</summary>
    internal async Task KillAsync()
    {
        _faults.Begin(Id);
        ProcessSignals.Send(Id, ProcessSignals.Kill);
        await ExitedAsync(TimeSpan.FromSeconds(10));
    }

    /// <summary>SIGTERM.</summary>
    internal void Terminate()
    {
        _faults.Begin(Id);
        ProcessSignals.Send(Id, ProcessSignals.Terminate);
    }

    /// <summary>SIGSTOP.</summary>
    internal void Stop()
    {
        _faults.Begin(Id);
        ProcessSignals.Send(Id, ProcessSignals.Stop);
    }

    /// <summary>SIGCONT.</summary>
    internal void Continue()
    {
        ProcessSignals.Send(Id, ProcessSignals.Continue);
        _faults.End(Id);
    }

    /// <summary>Something that it needs is hit.</summary>
    internal void Hit() => _faults.Begin(Id);

    /// <summary>What it needs is there again.</summary>
    internal void Recover() => _faults.End(Id);

    /// <summary>It ends by itself, or by what its jobs do: that is a fault as well.</summary>
    internal async Task ExitedAsync(TimeSpan limit)
    {
        using var late = new CancellationTokenSource(limit);
        try
        {
            await _process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException(
                $"{Name} did not exit within {limit.TotalSeconds:0.#} s. "
                    + $"{string.Join('\n', Events.TakeLast(20))}\n{Output}");
        }

        _faults.Begin(Id);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            ProcessSignals.Send(Id, ProcessSignals.Kill);
            _process.WaitForExit(TimeSpan.FromSeconds(10));
        }

        _process.Dispose();
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        lock (_output)
        {
            _output.AppendLine(line.Data);
        }
    }
}
