using Lovage.Execution;
using Lovage.Storage;

namespace Lovage.Spawning;

/// <summary>A try of a task of this process that has ended.</summary>
/// <param name="Kind">What the task is.</param>
/// <param name="Name">Its name.</param>
/// <param name="Attempt">Which try this was.</param>
/// <param name="EndedAt">When it ended.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Decision">What was decided.</param>
/// <param name="Error">What it threw; null when it returned.</param>
internal sealed record EndedTask(
    TaskKind Kind,
    string Name,
    int Attempt,
    DateTimeOffset EndedAt,
    TimeSpan Duration,
    JobDecision Decision,
    string? Error);

/// <summary>The newest ended tries of this process and how many there were, once a page asks for them.</summary>
/// <remarks>Safe for use by several threads. It keeps nothing before <see cref="Follow"/>.</remarks>
internal sealed class LocalHistory(TimeProvider time) : AttemptListener<LocalTry>
{
    /// <summary>Tries that are kept.</summary>
    internal const int Length = 100;

    private const int ErrorMax = 500;

    private readonly Lock _lock = new();
    private readonly Queue<EndedTask> _ended = new(Length);
    private volatile bool _isOn;
    private long _succeeded;
    private long _failed;

    /// <summary>Tries that returned, from the moment at which the history was asked for.</summary>
    internal long Succeeded => Volatile.Read(ref _succeeded);

    /// <summary>Tries that threw.</summary>
    internal long Failed => Volatile.Read(ref _failed);

    /// <summary>Begins to keep what ends.</summary>
    internal void Follow() => _isOn = true;

    /// <summary>The newest, newest first.</summary>
    internal IReadOnlyList<EndedTask> List()
    {
        lock (_lock)
        {
            return [.. _ended.Reverse()];
        }
    }

    internal override void Decided(LocalTry run, AttemptVerdict verdict)
    {
        if (!_isOn)
        {
            return;
        }

        if (run.Decision == JobDecision.Succeed)
        {
            Interlocked.Increment(ref _succeeded);
        }
        else if (run.Decision != JobDecision.Cancel)
        {
            Interlocked.Increment(ref _failed);
        }

        var error = run.Decision == JobDecision.Cancel ? null : run.Ending.Error;
        var ended = new EndedTask(
            run.Entry.Kind,
            run.Name,
            run.Number,
            time.GetUtcNow(),
            run.Duration,
            run.Decision,
            error is null ? null : TextCut.Of($"{error.GetType().FullName}: {error.Message}", ErrorMax));
        lock (_lock)
        {
            if (_ended.Count == Length)
            {
                _ended.Dequeue();
            }

            _ended.Enqueue(ended);
        }
    }
}
