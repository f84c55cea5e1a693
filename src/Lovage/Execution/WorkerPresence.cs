using System.Reflection;
using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>
/// Lists this worker among the live ones while it runs, and knows which others are there. Does nothing on a storage
/// that keeps no list.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class WorkerPresence(WorkerContext worker, Func<int> running)
{
    private const int TextLengthMax = 100;

    private static readonly TimeSpan ListInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan DescribeDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeaveTime = TimeSpan.FromSeconds(1);

    private readonly DateTimeOffset _startedAt = worker.Time.GetUtcNow();

    private readonly Lock _lock = new();
    private IReadOnlyList<WorkerRecord> _live = [];
    private bool _hasBeaten;
    private long? _listedTimestamp;
    private long? _answeredTimestamp;

    /// <summary>One beat; returns the wait until the next.</summary>
    internal async Task<TimeSpan> BeatAsync(CancellationToken stopped)
    {
        if (worker.Storage.Workers is { } directory)
        {
            var settings = worker.Settings;
            await directory.BeatAsync(
                new WorkerBeat
                {
                    Owner = worker.Owner,
                    Host = Cut(Environment.MachineName),
                    Version = Version,
                    StartedAt = _startedAt,
                    Queues = settings.Queues,
                    Slots = settings.Concurrency,
                    Running = running(),
                    IsQuiet = settings.IsQuiet,
                    Names = await KnownAsync(),
                },
                stopped);
        }

        var wait = _hasBeaten ? WorkerDirectory.BeatInterval : DescribeDelay;
        _hasBeaten = true;
        return wait;
    }

    /// <summary>Leaves the list. Where the storage does not answer, the last beat grows old.</summary>
    internal async Task LeaveAsync()
    {
        if (worker.Storage.Workers is not { } directory)
        {
            return;
        }

        using var limit = new CancellationTokenSource(LeaveTime, worker.Time);
        try
        {
            await directory.LeaveAsync(worker.Owner, limit.Token);
        }
        catch (StorageException fault)
        {
            worker.Report.LoopFault("beat", fault);
        }
        catch (OperationCanceledException fault)
        {
            worker.Report.LoopFault("beat", fault);
        }
    }

    /// <summary>The live workers: the last list, at most two seconds old where the storage answers.</summary>
    internal async ValueTask<IReadOnlyList<WorkerRecord>> ListAsync(CancellationToken cancellationToken)
    {
        if (worker.Storage.Workers is { } directory && IsOld())
        {
            await ReadAsync(directory, cancellationToken);
        }

        return Live;
    }

    /// <summary>The live workers as of a timestamp or later.</summary>
    /// <returns>Null when the storage does not answer.</returns>
    internal async ValueTask<IReadOnlyList<WorkerRecord>?> ListSinceAsync(
        long timestamp, CancellationToken cancellationToken)
    {
        if (worker.Storage.Workers is not { } directory)
        {
            return [];
        }

        lock (_lock)
        {
            if (_answeredTimestamp >= timestamp)
            {
                return _live;
            }
        }

        return await ReadAsync(directory, cancellationToken) ? Live : null;
    }

    /// <summary>
    /// What the worker knows. The first beat comes at the start and names the jobs. Their schemas take tens of
    /// milliseconds to make, so the second beat, a second later, brings them.
    /// </summary>
    private ValueTask<JobNameSet> KnownAsync() =>
        !_hasBeaten ? new(worker.Services.Named)
        : worker.OwnThreads && !worker.Services.IsDescribed ? new(Task.Run(() => worker.Services.Described))
        : new(worker.Services.Described);

    private async ValueTask<bool> ReadAsync(WorkerDirectory directory, CancellationToken cancellationToken)
    {
        var asked = worker.Time.GetTimestamp();
        try
        {
            var live = await directory.ListAsync(cancellationToken);
            lock (_lock)
            {
                (_live, _answeredTimestamp) = (live, asked);
            }

            return true;
        }
        catch (StorageException fault)
        {
            worker.Report.LoopFault("beat", fault);
            return false;
        }
    }

    private IReadOnlyList<WorkerRecord> Live
    {
        get
        {
            lock (_lock)
            {
                return _live;
            }
        }
    }

    private static string Version { get; } = Cut(
        Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? "");

    private static string Cut(string text) => TextCut.Bare(text, TextLengthMax);

    private bool IsOld()
    {
        var now = worker.Time.GetTimestamp();
        lock (_lock)
        {
            if (_listedTimestamp is { } listed && worker.Time.GetElapsedTime(listed, now) < ListInterval)
            {
                return false;
            }

            _listedTimestamp = now;
            return true;
        }
    }
}
