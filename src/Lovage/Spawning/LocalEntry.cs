namespace Lovage.Spawning;

/// <summary>What the list of this process's tasks knows of one.</summary>
internal sealed class LocalEntry(TaskKind kind, string name, long acceptedTimestamp)
{
    private int _attempt;
    private long _waitsUntil;

    internal TaskKind Kind => kind;

    internal string Name => name;

    internal long AcceptedTimestamp => acceptedTimestamp;

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
}
