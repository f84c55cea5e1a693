namespace Lovage.PostgreSql.Writing;

/// <summary>
/// Where one receiver's looks begin: behind the places that it has claimed and the due times that it has made ready.
/// </summary>
/// <remarks>
/// Below these floors lie dead rows, which a transaction that stays open anywhere in the database keeps from being
/// removed. Looks that went through them from the start became slower and slower.
/// A floor follows what was taken by half a second, for jobs whose transactions commit out of order. Once a second a
/// look begins at the start, less often where that takes long, for all jobs that come later still. When it takes
/// something that a floor had hidden, that floor is dropped, as there may be more. A signal drops all floors
/// (<see cref="Reset"/>). Safe for use by several threads.
/// </remarks>
internal sealed class QueueFloors(TimeProvider time)
{
    private const short PriorityMax = 9;

    private static readonly TimeSpan Trail = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan WholeEvery = TimeSpan.FromSeconds(1);

    /// <summary>A look that took long may have waited for something else.</summary>
    private static readonly TimeSpan WholeEveryMax = TimeSpan.FromSeconds(10);

    /// <summary>A look from the start takes no more than this share of the time.</summary>
    private const int WholeShare = 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<int, Queue> _queues = [];

    /// <summary>Plans a look: from which due times on, and which stretches of places.</summary>
    /// <remarks>A stretch is a priority that has a floor, or the priorities between two of these.</remarks>
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

    /// <summary>A look has ended: the time that one from the start takes decides how often there is one.</summary>
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

    /// <summary>Jobs have come back, or came late: the next look begins at the start.</summary>
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

    /// <summary>What one look goes through.</summary>
    internal sealed class Look(long timestamp, int[] queues)
    {
        internal long Timestamp => timestamp;

        /// <summary>For each queue of the look, from which due time on; 0 for the start.</summary>
        internal long[] Dues { get; } = new long[queues.Length];

        internal List<QueueStretch> Stretches { get; } = [];

        /// <summary>Queues that are looked through from the start.</summary>
        internal List<int> Wholes { get; } = [];

        internal void Add(int queue, short low, short high, long floor) =>
            Stretches.Add(new QueueStretch(queue, low, high, floor));
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
    /// From: where looks begin. Next: what From becomes half a second after NextAt. Highest: the last that was taken.
    /// </summary>
    private struct Floor
    {
        internal long From;
        internal long Next;
        internal long NextAt;
        internal long Highest;
    }
}

/// <summary>Places of a queue that a look goes through.</summary>
/// <param name="Queue">The queue's number.</param>
/// <param name="Low">The first priority.</param>
/// <param name="High">The last priority.</param>
/// <param name="Floor">The first place of the first priority.</param>
internal readonly record struct QueueStretch(int Queue, short Low, short High, long Floor);
