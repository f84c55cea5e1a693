using System.Globalization;
using Lovage.Storage;

namespace Lovage.Execution;

/// <summary>Carries out the commands for this worker that come through the storage, and answers each.</summary>
/// <remarks>
/// It reads after a signal, and at least as often as the worker beats. The worker carries each command out once, and
/// none after its deadline. What a command changes holds until the worker ends.
/// </remarks>
internal sealed class WorkerControl
{
    internal const int SlotsMax = 1_000;

    /// <summary>From one reading to the next while signals come.</summary>
    private static readonly TimeSpan HintInterval = TimeSpan.FromMilliseconds(250);

    private readonly WorkerContext _worker;
    private readonly Func<Func<WorkerSettings, WorkerSettings>, WorkerSettings> _change;
    private readonly Func<int> _running;
    private readonly WakeUp _hints;
    private long _last;
    private long? _readTimestamp;
    private int _isHinted;

    /// <param name="worker">The worker.</param>
    /// <param name="change">Changes its settings; returns those before.</param>
    /// <param name="running">How many attempts run now.</param>
    /// <param name="hints">Wakes the loop that reads.</param>
    internal WorkerControl(
        WorkerContext worker, Func<Func<WorkerSettings, WorkerSettings>, WorkerSettings> change, Func<int> running,
        WakeUp hints)
    {
        _worker = worker;
        _change = change;
        _running = running;
        _hints = hints;
    }

    /// <summary>A command may be there: the next reading comes sooner, once.</summary>
    internal void Hint()
    {
        if (Interlocked.Exchange(ref _isHinted, 1) == 0)
        {
            _hints.Pulse();
        }
    }

    /// <summary>Carries out what is there; returns the wait until the next reading.</summary>
    internal async Task<TimeSpan> LookAsync(CancellationToken stopped)
    {
        if (_worker.Storage.Control is not { } channel)
        {
            return WorkerDirectory.BeatInterval;
        }

        if (_readTimestamp is { } read && HintInterval - _worker.Time.GetElapsedTime(read) is var rest
            && rest > TimeSpan.Zero)
        {
            return rest;
        }

        Volatile.Write(ref _isHinted, 0);
        _readTimestamp = _worker.Time.GetTimestamp();
        foreach (var command in await channel.ReadAsync(_worker.Owner.Key, _last, stopped))
        {
            _last = command.Number;
            var (isDone, text) = CarryOut(command);
            _worker.Report.Commanded(command, isDone, text);
            await channel.ReplyAsync(command.Number, new ControlReply(_worker.Owner.Key, isDone, text), stopped);
        }

        return WorkerDirectory.BeatInterval;
    }

    private (bool IsDone, string Text) CarryOut(ControlCommand command) => command.Name switch
    {
        ControlCommands.Ping => (true, State()),
        ControlCommands.Quiet => Quiet(),
        ControlCommands.Resume => Resume(),
        ControlCommands.Pool => Pool(command.Slots),
        ControlCommands.AddQueue => AddQueue(command.Queue),
        ControlCommands.CancelQueue => CancelQueue(command.Queue),
        _ => (false, $"The worker does not know the command '{JobNames.Shown(command.Name)}'."),
    };

    private (bool, string) Quiet() => _change(static settings => settings with { IsQuiet = true }).IsQuiet
        ? (true, $"The worker was quiet before. {RunningJobs()}")
        : (true, $"The worker takes no more jobs. {RunningJobs()}");

    private (bool, string) Resume() => _change(static settings => settings with { IsQuiet = false }).IsQuiet
        ? (true, $"The worker takes jobs again. {Served()}")
        : (true, $"The worker was not quiet. {Served()}");

    private (bool, string) Pool(int? slots)
    {
        if (slots is not { } wanted || wanted is < 1 or > SlotsMax)
        {
            var now = _worker.Settings.Concurrency;
            return (false, Text($"A worker has 1 to {SlotsMax:N0} slots. It has {now:N0} now."));
        }

        var before = _change(settings => settings with { Concurrency = wanted }).Concurrency;
        return (true, Text($"The worker has {wanted:N0} slots; it had {before:N0}. {RunningJobs()}"));
    }

    private (bool, string) AddQueue(string? queue)
    {
        if (!JobNames.IsQueue(queue))
        {
            return (false, $"'{JobNames.Shown(queue ?? "")}' is no name of a queue. {Served()}");
        }

        var before = _change(settings => settings.Queues.Contains(queue)
            ? settings
            : settings with { Queues = settings.Queues.Add(queue) });
        return before.Queues.Contains(queue)
            ? (true, $"The worker served {queue} before. {Served()}")
            : (true, $"The worker serves {queue} too, after its other queues. {Served()}");
    }

    private (bool, string) CancelQueue(string? queue)
    {
        var before = _change(settings => settings.Queues is [_] || !settings.Queues.Contains(queue!)
            ? settings
            : settings with { Queues = settings.Queues.Remove(queue!) });
        var shown = JobNames.Shown(queue ?? "");
        return !before.Queues.Contains(queue!) ? (true, $"The worker did not serve {shown}. {Served()}")
            : before.Queues is [_] ? (
                false, $"{shown} is the worker's only queue. Make the worker quiet, or add another queue first.")
            : (true, $"The worker serves {shown} no more. {Served()}");
    }

    private string State()
    {
        var settings = _worker.Settings;
        var quiet = settings.IsQuiet ? " It is quiet: it takes no more jobs." : "";
        return Text($"The worker runs {_running():N0} jobs in {settings.Concurrency:N0} slots.{quiet} {Served()}");
    }

    private string RunningJobs() => _running() switch
    {
        0 => "It runs no job.",
        1 => "1 job that already runs goes on.",
        var running => Text($"{running:N0} jobs that already run go on."),
    };

    private string Served() => $"Its queues: {string.Join(", ", _worker.Settings.Queues)}.";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
