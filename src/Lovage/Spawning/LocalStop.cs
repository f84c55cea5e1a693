using System.Diagnostics.CodeAnalysis;

namespace Lovage.Spawning;

/// <summary>
/// Ends the tasks of this process with the app: it waits for them, asks them to end, and waits a little longer.
/// </summary>
/// <remarks>
/// <para>Spawned tasks have their time from the beginning of the stop, as workers do: a client that keeps its request
/// open takes nothing of it. Tasks after a response have theirs from the end of the server. Until then requests go on,
/// in whatever order the host stops its services, and may add tasks of each kind.</para>
/// <para>The time for tasks that were asked is kept free at the end of the host's budget. It is theirs also when the
/// host has run out of patience, or a task could not even learn that it has to end.</para>
/// </remarks>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "What outlives the app still looks at the tokens, and a source without a timer holds nothing.")]
internal sealed class LocalStop(
    LocalSettings settings, LocalClock clock, LocalEntries entries, LocalCounts counts, LocalReport report)
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _spawned = new();
    private CancellationTokenSource _requests = new();
    private Task? _spawnedEnded;
    private Task? _requestsEnded;
    private long _lastUntil;
    private long _requestsUntil;
    private bool _isClosed;

    /// <summary>Cancelled when spawned tasks are asked to end.</summary>
    internal CancellationToken Spawned => _spawned.Token;

    /// <summary>Cancelled when tasks after a response that run now are asked to end.</summary>
    internal CancellationToken Requests => Volatile.Read(ref _requests).Token;

    /// <summary>True when a task of this kind comes too late.</summary>
    internal bool Refuses(TaskKind kind) =>
        Volatile.Read(ref _isClosed) || (kind != TaskKind.AfterResponse && _spawned.IsCancellationRequested);

    /// <summary>The stop begins. Tasks are still accepted.</summary>
    /// <param name="forced">Cancelled when the host waits no longer.</param>
    internal void Begin(CancellationToken forced)
    {
        lock (_lock)
        {
            if (_spawnedEnded is not null)
            {
                return;
            }

            _lastUntil = settings.StopTime is { } whole
                ? clock.Ahead(whole > settings.CancelTime ? whole - settings.CancelTime : TimeSpan.Zero)
                : long.MaxValue;
            _spawnedEnded = EndSpawnedAsync(Math.Min(clock.Ahead(settings.DrainTime), _lastUntil), forced);
            _requestsEnded = EndRequestsAsync(forced);
        }
    }

    /// <summary>No request runs any more: accepts nothing, and ends once nothing is left to wait for.</summary>
    /// <inheritdoc cref="Begin"/>
    internal async Task EndAsync(CancellationToken forced)
    {
        Begin(forced);
        _requestsUntil = Math.Min(clock.Ahead(settings.DrainTime), _lastUntil);
        Volatile.Write(ref _isClosed, true);
        Interlocked.MemoryBarrier();
        if (counts.All is > 0 and var count)
        {
            report.Draining(count);
        }

        counts.Wake();
        await Task.WhenAll(_spawnedEnded!, _requestsEnded!);
    }

    private async Task EndSpawnedAsync(long until, CancellationToken forced)
    {
        await counts.WaitAsync(() => Volatile.Read(ref _isClosed) && !MayEndBy(until), Left(until), forced);
        Ask(static entry => !IsOfRequest(entry), _spawned);
        await counts.WaitAsync(() => counts.Spawned == 0, settings.CancelTime, CancellationToken.None);
    }

    private async Task EndRequestsAsync(CancellationToken forced)
    {
        var asked = long.MinValue;
        await counts.WaitAsync(() => Volatile.Read(ref _isClosed), Left(_lastUntil), forced);
        if (!Volatile.Read(ref _isClosed))
        {
            // The server takes all of the host's time. What runs now needs some of it to end; what a request still
            // adds runs as long as it can.
            asked = clock.Ahead(TimeSpan.Zero);
            Ask(IsOfRequest, Interlocked.Exchange(ref _requests, new CancellationTokenSource()));
            await counts.WhenAsync(() => Volatile.Read(ref _isClosed), CancellationToken.None);
        }

        await counts.WaitAsync(NoneOfRequests, Left(_requestsUntil), forced);
        var hasNew = Ask(entry => IsOfRequest(entry) && entry.AcceptedTimestamp > asked, _requests);
        await counts.WaitAsync(
            NoneOfRequests,
            hasNew || asked == long.MinValue ? settings.CancelTime : Left(clock.After(asked, settings.CancelTime)),
            CancellationToken.None);

        bool NoneOfRequests() => counts.Of(TaskKind.AfterResponse) == 0;
    }

    private static bool IsOfRequest(LocalEntry entry) => entry.Kind == TaskKind.AfterResponse;

    /// <summary>Asks tasks to end, and names them.</summary>
    /// <returns>True when there are any.</returns>
    private bool Ask(Func<LocalEntry, bool> concerns, CancellationTokenSource source)
    {
        var late = entries.List().Where(concerns).ToList();
        if (late.Count > 0)
        {
            report.Cancelling(late);
        }

        QuietCancel.Of(source);
        foreach (var entry in entries.List().Where(concerns))
        {
            entry.Task?.Cancel();
        }

        return late.Count > 0;
    }

    /// <summary>
    /// False once nothing spawned is left but tasks whose wait goes on beyond that timestamp. One that is counted and
    /// not listed yet was accepted this moment.
    /// </summary>
    private bool MayEndBy(long timestamp)
    {
        var listed = entries.List().Where(static entry => !IsOfRequest(entry)).ToList();
        return listed.Any(entry => entry.WaitsUntil <= timestamp) || counts.Spawned > listed.Count;
    }

    private TimeSpan Left(long until) => until == long.MaxValue ? Timeout.InfiniteTimeSpan
        : clock.Rest(until) is var rest && rest > TimeSpan.Zero ? rest
        : TimeSpan.Zero;
}
