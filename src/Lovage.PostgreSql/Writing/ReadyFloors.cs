namespace Lovage.PostgreSql.Writing;

/// <summary>
/// Where, by what this process has claimed, the rows of queues begin that may still be there. Below lie the dead ones, which a transaction that stays open anywhere in the
/// database keeps from being removed: looking through them from the start made each claim slower than the one before.
/// </summary>
/// <remarks>
/// A floor follows what was claimed by half a second, for jobs whose transactions commit out of order, and now and then a look begins at the start, for all others that come
/// late: what a floor hides is found within a second, or at once where somebody tells (<see cref="Reset"/>). Safe for use by several threads.
/// </remarks>
internal sealed class ReadyFloors(TimeProvider time)
{
    private const short PriorityMax = 9;

    private static readonly TimeSpan Trail = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan WholeEvery = TimeSpan.FromSeconds(1);

    /// <summary>A look from the start takes no more than this share of the time.</summary>
    private const int WholeShare = 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, Queue> _queues = [];

    /// <summary>Stretches of queues to look through: one for each priority that has a floor, and one for each gap between these.</summary>
    internal Look Begin(int[] queues)
    {
        var look = new Look(time.GetTimestamp());
        lock (_lock)
        {
            foreach (var id in queues)
            {
                if (!_queues.TryGetValue(id, out var queue))
                {
                    _queues.Add(id, queue = new Queue { Whole = look.Timestamp });
                }

                if (time.GetElapsedTime(queue.Whole, look.Timestamp) >= queue.WholeEvery)
                {
                    queue.Whole = look.Timestamp;
                    look.Wholes.Add(id);
                    look.Add(id, 0, PriorityMax, 0);
                    continue;
                }

                short from = 0;
                for (short priority = 0; priority <= PriorityMax; priority++)
                {
                    if (queue.Floors[priority].Seq is > 0 and var seq)
                    {
                        if (from < priority)
                        {
                            look.Add(id, from, (short)(priority - 1), 0);
                        }

                        look.Add(id, priority, priority, seq);
                        from = (short)(priority + 1);
                    }
                }

                if (from <= PriorityMax)
                {
                    look.Add(id, from, PriorityMax, 0);
                }
            }
        }

        return look;
    }

    /// <summary>A row was claimed.</summary>
    internal void Claimed(Look look, int queue, short priority, long seq)
    {
        lock (_lock)
        {
            if (!_queues.TryGetValue(queue, out var known) || known.ResetAt > look.Timestamp)
            {
                return;
            }

            ref var floor = ref known.Floors[priority];
            floor.Highest = Math.Max(floor.Highest, seq);
            if (floor.NextAt == 0 || time.GetElapsedTime(floor.NextAt, look.Timestamp) >= Trail)
            {
                (floor.Seq, floor.Next, floor.NextAt) = (floor.Next, floor.Highest, look.Timestamp);
            }
        }
    }

    /// <summary>A look has ended: how long one from the start takes says how often there is one.</summary>
    internal void End(Look look)
    {
        if (look.Wholes.Count == 0)
        {
            return;
        }

        var cost = time.GetElapsedTime(look.Timestamp) * WholeShare;
        lock (_lock)
        {
            foreach (var id in look.Wholes)
            {
                if (_queues.TryGetValue(id, out var queue))
                {
                    queue.WholeEvery = cost > WholeEvery ? cost : WholeEvery;
                }
            }
        }
    }

    /// <summary>Jobs have come back, or late: the next look begins at the start.</summary>
    internal void Reset()
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            foreach (var queue in _queues.Values)
            {
                Array.Clear(queue.Floors);
                queue.ResetAt = now;
            }
        }
    }

    /// <summary>What one look goes through, as columns.</summary>
    internal sealed class Look(long timestamp)
    {
        internal long Timestamp => timestamp;

        internal List<int> Queues { get; } = [];

        internal List<short> Lows { get; } = [];

        internal List<short> Highs { get; } = [];

        internal List<long> Floors { get; } = [];

        /// <summary>Queues that are looked through from the start.</summary>
        internal List<int> Wholes { get; } = [];

        internal void Add(int queue, short low, short high, long floor)
        {
            Queues.Add(queue);
            Lows.Add(low);
            Highs.Add(high);
            Floors.Add(floor);
        }
    }

    private sealed class Queue
    {
        internal Floor[] Floors { get; } = new Floor[PriorityMax + 1];

        internal long Whole { get; set; }

        internal TimeSpan WholeEvery { get; set; } = ReadyFloors.WholeEvery;

        internal long ResetAt { get; set; }
    }

    /// <summary>Seq: where to look from; Next: what that becomes half a second after NextAt; Highest: what was claimed.</summary>
    private struct Floor
    {
        internal long Seq;
        internal long Next;
        internal long NextAt;
        internal long Highest;
    }
}
