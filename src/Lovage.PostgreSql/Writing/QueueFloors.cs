namespace Lovage.PostgreSql.Writing;

/// <summary>
/// Where, by what this process has taken, the rows of queues begin that may still be there: places that were claimed,
/// and due times that were made ready. Below lie the dead rows, which a transaction that stays open anywhere in the
/// database keeps from being removed: looking through them from the start made each look slower than the one before.
/// </summary>
/// <remarks>
/// A floor follows what was taken by half a second, for jobs whose transactions commit out of order. Once a second a
/// look begins at the start, seldomer where that takes long, for all others that come late; when it takes what a floor
/// had hidden, that floor is gone, as there may be more. Where somebody tells, all are (<see cref="Reset"/>). Safe for
/// use by several threads.
/// </remarks>
internal sealed class QueueFloors(TimeProvider time)
{
    private const short PriorityMax = 9;

    private static readonly TimeSpan Trail = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan WholeEvery = TimeSpan.FromSeconds(1);

    /// <summary>However long one took: it may have waited for something else.</summary>
    private static readonly TimeSpan WholeEveryMax = TimeSpan.FromSeconds(10);

    /// <summary>A look from the start takes no more than this share of the time.</summary>
    private const int WholeShare = 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, Queue> _queues = [];

    /// <summary>
    /// What to look through: due times from one on, and stretches of places, one for each priority that has a floor and
    /// one for each gap between these.
    /// </summary>
    internal Look Begin(int[] queues)
    {
        var look = new Look(time.GetTimestamp(), queues);
        lock (_lock)
        {
            for (var i = 0; i < queues.Length; i++)
            {
                var id = queues[i];
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

                look.Dues[i] = queue.Due.From;
                short from = 0;
                for (short priority = 0; priority <= PriorityMax; priority++)
                {
                    if (queue.Places[priority].From is > 0 and var place)
                    {
                        if (from < priority)
                        {
                            look.Add(id, from, (short)(priority - 1), 0);
                        }

                        look.Add(id, priority, priority, place);
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
    internal void Claimed(Look look, int queue, short priority, long place)
    {
        lock (_lock)
        {
            if (Known(look, queue) is { } known)
            {
                Took(ref known.Places[priority], place);
            }
        }
    }

    /// <summary>Jobs were made ready, up to a due time.</summary>
    internal void Promoted(Look look, int queue, long due)
    {
        lock (_lock)
        {
            if (Known(look, queue) is { } known)
            {
                Took(ref known.Due, due);
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
                    queue.WholeEvery = TimeSpan.FromTicks(
                        Math.Clamp(cost.Ticks, WholeEvery.Ticks, WholeEveryMax.Ticks));
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
                Array.Clear(queue.Places);
                queue.Due = default;
                queue.ResetAt = now;
            }
        }
    }

    /// <summary>Null for a look that began before jobs came back, which it may have passed over.</summary>
    private Queue? Known(Look look, int queue) =>
        _queues.TryGetValue(queue, out var known) && known.ResetAt <= look.Timestamp ? known : null;

    private void Took(ref Floor floor, long row)
    {
        if (row < floor.From)
        {
            floor = default;
        }

        floor.Highest = Math.Max(floor.Highest, row);
        var now = time.GetTimestamp();
        if (floor.NextAt == 0 || time.GetElapsedTime(floor.NextAt, now) >= Trail)
        {
            (floor.From, floor.Next, floor.NextAt) = (floor.Next, floor.Highest, now);
        }
    }

    /// <summary>What one look goes through, as columns.</summary>
    internal sealed class Look(long timestamp, int[] queues)
    {
        internal long Timestamp => timestamp;

        /// <summary>For each queue of the look, from which due time on; 0 for the start.</summary>
        internal long[] Dues { get; } = new long[queues.Length];

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
        internal Floor Due;

        internal Floor[] Places { get; } = new Floor[PriorityMax + 1];

        internal long Whole { get; set; }

        internal TimeSpan WholeEvery { get; set; } = QueueFloors.WholeEvery;

        internal long ResetAt { get; set; }
    }

    /// <summary>
    /// From: where to look from; Next: what that becomes half a second after NextAt; Highest: what was taken.
    /// </summary>
    private struct Floor
    {
        internal long From;
        internal long Next;
        internal long NextAt;
        internal long Highest;
    }
}
