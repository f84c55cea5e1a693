using Lovage.Execution;

namespace Lovage.Spawning;

/// <summary>What the list of this process's tasks knows of one.</summary>
internal sealed class LocalEntry(TaskKind kind, string name, long acceptedTimestamp)
{
    private int _attempt;
    private long _startedTimestamp = acceptedTimestamp;
    private bool _holdsThread;
    private bool _isApart = kind == TaskKind.Dedicated;
    private long _waitsUntil;

    internal TaskKind Kind { get; } = kind;

    internal string Name => name;

    internal long AcceptedTimestamp { get; } = acceptedTimestamp;

    /// <summary>What a task after the response runs.</summary>
    internal LocalCall? Call { get; set; }

    /// <summary>The task after it of the same request.</summary>
    internal LocalEntry? NextOfRequest { get; set; }

    /// <summary>The one before it in <see cref="LocalEntries"/>, which alone sets its place.</summary>
    internal LocalEntry? Before { get; set; }

    /// <summary>The one after it there.</summary>
    internal LocalEntry? Next { get; set; }

    /// <summary>True while it is there.</summary>
    internal bool IsListed { get; set; }

    /// <summary>The handle, for a task that can be cancelled by itself.</summary>
    internal SpawnedTask? Task { get; set; }

    /// <summary>The timestamp until which it waits for its delay or its next try; 0 while it does not.</summary>
    internal long WaitsUntil
    {
        get => Volatile.Read(ref _waitsUntil);
        set => Interlocked.Exchange(ref _waitsUntil, value);
    }

    /// <summary>0 until it starts, then which try.</summary>
    internal int Attempt
    {
        get => Volatile.Read(ref _attempt);
        set => Volatile.Write(ref _attempt, value);
    }

    /// <summary>Runs a try, and notes while its synchronous part keeps the thread.</summary>
    internal Task CallAsync(LocalCall call, int attempt, long timestamp, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _startedTimestamp, timestamp);
        Volatile.Write(ref _isApart, call.IsApart);
        Volatile.Write(ref _holdsThread, true);
        try
        {
            return call.InvokeAsync(attempt, cancellationToken);
        }
        finally
        {
            Volatile.Write(ref _holdsThread, false);
        }
    }

    /// <summary>How it runs; null when it does not, or has a thread of its own.</summary>
    internal RunningHandler? OnPool(TimeProvider time) =>
        Attempt == 0 || Volatile.Read(ref _isApart) || Task?.State == SpawnedTaskState.Waiting
            ? null
            : new RunningHandler(
                name, Volatile.Read(ref _holdsThread), time.GetElapsedTime(Volatile.Read(ref _startedTimestamp)));
}
