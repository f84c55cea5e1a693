namespace Lovage.Execution;

/// <summary>
/// How many jobs an operation may change now, so that its changes are spread evenly over the time that was asked for.
/// </summary>
/// <remarks>
/// It never catches up: after a pause of the process or of the storage it goes on at the even rate. Used by one caller
/// at a time.
/// </remarks>
internal sealed class OperationPace
{
    /// <summary>About how often jobs are changed.</summary>
    internal static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly double _rate;
    private long _timestamp;
    private double _room;

    /// <summary>Begins now.</summary>
    internal OperationPace(BulkOperation operation, TimeProvider time)
    {
        _time = time;
        _timestamp = time.GetTimestamp();
        _rate = operation.Spread > TimeSpan.Zero
            ? Math.Max(1, operation.Expected.Value) / operation.Spread.TotalSeconds
            : double.PositiveInfinity;
    }

    /// <summary>How many jobs may be changed now.</summary>
    internal int Room(int max)
    {
        if (double.IsPositiveInfinity(_rate))
        {
            return max;
        }

        var now = _time.GetTimestamp();
        var passed = _time.GetElapsedTime(_timestamp, now);
        if (passed >= Step)
        {
            var counted = passed < Step * 2 ? passed : Step * 2;
            _room = Math.Min(_room + (_rate * counted.TotalSeconds), Math.Max(1, _rate * (Step * 2).TotalSeconds));
            _timestamp = now;
        }

        // What many small shares sum up to may lie a little under a whole.
        return (int)Math.Min(max, _room + 1e-6);
    }

    /// <summary>So many were changed.</summary>
    internal void Spend(long count) => _room -= count;
}
