namespace Lovage.Simulation.Storage;

/// <summary>
/// The way from one process to the shared storage, on which calls are delayed, refused, repeated, cut off after they
/// were carried out, or no caller survived them.
/// </summary>
internal sealed class StorageLink(World world, Node node)
{
    private readonly Random _random = world.Random;

    /// <summary>Before this moment every call fails.</summary>
    internal TimeSpan CutOffUntil { get; set; }

    /// <summary>Makes a call.</summary>
    /// <param name="name">What it is, for the trace.</param>
    /// <param name="apply">Carries it out on the shared storage and tells the oracle.</param>
    /// <param name="mayRepeat">True when carrying it out twice must do no harm.</param>
    /// <param name="cancellationToken">Ends the wait before it is carried out.</param>
    internal async ValueTask<T> CallAsync<T>(
        string name, Func<T> apply, bool mayRepeat, CancellationToken cancellationToken)
    {
        if (!world.Loop.IsHere($"{name} was called"))
        {
            throw new StorageException("The simulation has ended.", isTransient: false);
        }

        if (!world.FaultsAreOn)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return apply();
        }

        if (_random.Next(4) == 0)
        {
            await Task.Yield();
        }

        var faults = world.Faults;
        await PauseAsync(faults, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        if (CutOffUntil.Ticks > world.Loop.Now || Happens(faults.ErrorBefore))
        {
            throw Fault(name, "before");
        }

        await MayCrashAsync(faults, name);
        var result = apply();
        if (mayRepeat && Happens(faults.Repeat))
        {
            world.Trace.Add("repeated", node.Name, name);
            node.Disturb(TimeSpan.Zero);
            result = apply();
        }

        await MayCrashAsync(faults, name);
        await PauseAsync(faults, CancellationToken.None);
        if (CutOffUntil.Ticks > world.Loop.Now || Happens(faults.ErrorAfter))
        {
            throw Fault(name, "after");
        }

        return result;
    }

    private async ValueTask PauseAsync(FaultProfile faults, CancellationToken cancellationToken)
    {
        if (Happens(faults.Delay))
        {
            var delay = faults.DelayMax * _random.NextDouble();
            node.Disturb(delay);
            await Task.Delay(delay, node.Process.Time, cancellationToken);
            node.Disturb(TimeSpan.Zero);
        }
    }

    private async ValueTask MayCrashAsync(FaultProfile faults, string name)
    {
        if (node.Worker is not null && Happens(faults.CrashAtCall))
        {
            node.Crash(name);
            await new TaskCompletionSource().Task;
        }
    }

    private bool Happens(double rate) => rate > 0 && world.FaultsAreOn && _random.NextDouble() < rate;

    private StorageException Fault(string name, string when)
    {
        node.Disturb(TimeSpan.Zero);
        world.Trace.Add("error", node.Name, $"{name} {when}");
        world.Mark(when == "after" ? Marker.ErrorAfterApply : Marker.ErrorBeforeApply);
        return new StorageException($"{name} failed.", isTransient: true);
    }
}
