using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lovage.Sqlite.Native;

/// <summary>
/// How a connection waits for a lock that another program holds on the file, and for how long it has waited.
/// </summary>
/// <remarks>
/// SQLite's own handler looks every 100 ms after the first tries. An app that commits one transaction after the other
/// leaves gaps that are much shorter, and would keep renewals waiting for seconds. One thread waits; any thread may
/// read <see cref="BlockedFor"/>.
/// </remarks>
/// <param name="time">Measures the waits.</param>
internal sealed unsafe class BusyWait(TimeProvider time)
{
    private const int LookMilliseconds = 1;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>Longer than the pauses of those who try again after <see cref="Limit"/>.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);

    private readonly object _gate = new();
    private GCHandle _self;
    private long _begun;
    private long _since;
    private long _last;

    /// <summary>For how long other programs have kept the connection from writing; zero while none does.</summary>
    internal TimeSpan BlockedFor
    {
        get
        {
            var (since, last) = (Volatile.Read(ref _since), Volatile.Read(ref _last));
            return since != 0 && time.GetElapsedTime(last) < Fresh
                ? time.GetElapsedTime(since, last)
                : TimeSpan.Zero;
        }
    }

    /// <summary>Takes the place of the connection's own handler.</summary>
    internal void Attach(nint connection)
    {
        _self = GCHandle.Alloc(this);
        _ = SqliteNative.BusyHandler(connection, &OnBusy, GCHandle.ToIntPtr(_self));
    }

    /// <summary>The connection has got the lock.</summary>
    internal void End() => Volatile.Write(ref _since, 0);

    /// <summary>Ends its use; the connection is closed.</summary>
    internal void Detach()
    {
        if (_self.IsAllocated)
        {
            _self.Free();
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnBusy(nint state, int count) =>
        ((BusyWait)GCHandle.FromIntPtr(state).Target!).Wait(count) ? 1 : 0;

    private bool Wait(int count)
    {
        var now = time.GetTimestamp();
        if (count == 0)
        {
            _begun = now;
        }

        // A wait that ended without the lock, and was not taken up again soon, says nothing about this one.
        if (Volatile.Read(ref _since) == 0 || time.GetElapsedTime(_last, now) >= Fresh)
        {
            Volatile.Write(ref _since, now);
        }

        Volatile.Write(ref _last, now);
        if (time.GetElapsedTime(_begun, now) >= Limit)
        {
            return false;
        }

        lock (_gate)
        {
            Monitor.Wait(_gate, LookMilliseconds);
        }

        return true;
    }
}
