namespace Lovage.Execution;

/// <summary>One place where an attempt can run.</summary>
internal sealed class Slot
{
    private Running? _running;
    private bool _isRetired;

    /// <summary>What runs in it, the claim and its attempt in one; null while it is free.</summary>
    internal Running? Running
    {
        get => Volatile.Read(ref _running);
        set => Volatile.Write(ref _running, value);
    }

    /// <summary>True when the slot ends after what it runs: there are to be fewer.</summary>
    internal bool IsRetired
    {
        get => Volatile.Read(ref _isRetired);
        set => Volatile.Write(ref _isRetired, value);
    }
}
