using System.Collections.Immutable;
using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Simulation.Load;

/// <summary>What a client sends in one call, and what it does about it later.</summary>
/// <param name="At">When.</param>
/// <param name="Jobs">What.</param>
/// <param name="GivesUp">True when it does not repeat a call whose outcome is unknown.</param>
internal sealed record Submission(TimeSpan At, ImmutableArray<SimulatedJob> Jobs, bool GivesUp);

/// <summary>The jobs of one seed and when clients send, repeat and cancel them.</summary>
internal sealed class Workload
{
    internal static readonly ImmutableArray<string> Queues = ["alpha", "beta", "gamma"];

    private const int JobsMin = 20;
    private const int JobsMax = 200;

    private static readonly ImmutableArray<(Behaviour Behaviour, int Weight)> Mix =
    [
        (Behaviour.Instant, 44),
        (Behaviour.Slow, 14),
        (Behaviour.Stubborn, 4),
        (Behaviour.Progress, 3),
        (Behaviour.Overrun, 2),
        (Behaviour.Fails, 14),
        (Behaviour.AsksAgain, 5),
        (Behaviour.Rejects, 3),
        (Behaviour.Unknown, 2),
        (Behaviour.Parent, 8),
        (Behaviour.Killer, 1),
    ];

    private readonly JobIdSource _ids;
    private readonly Random _random;
    private readonly SimulationSettings _settings;
    private readonly DateTimeOffset _start;
    private readonly List<SimulatedJob> _jobs = [];

    internal Workload(Random random, SimulationSettings settings, TimeProvider time)
    {
        _random = random;
        _settings = settings;
        _start = time.GetUtcNow();
        _ids = new JobIdSource(time, random);

        // Many small worlds find more than a few large ones, so few are large.
        var wanted = random.Next(10) == 0 ? random.Next(JobsMin, JobsMax + 1) : random.Next(JobsMin, JobsMin * 2);
        var killers = random.Next(4) == 0 ? random.Next(1, 3) : 0;
        while (_jobs.Count < wanted)
        {
            var size = Math.Min(random.Next(1, 9), wanted - _jobs.Count);
            var batch = Enumerable.Range(0, size).Select(_ => Make(ref killers)).ToImmutableArray();
            Submissions.Add(new Submission(Moment(), batch, random.Next(5) == 0));
        }

        foreach (var job in _jobs.Where(job => job.Behaviour != Behaviour.Killer).ToArray())
        {
            var draw = random.Next(40);
            if (draw < 3)
            {
                Cancellations.Add((Moment(), job));
            }
            else if (draw == 3 && job.Message.HasChosenId)
            {
                Repeats.Add((Moment(), job, random.Next(2) == 0));
            }
        }
    }

    internal IReadOnlyList<SimulatedJob> Jobs => _jobs;

    internal List<Submission> Submissions { get; } = [];

    internal List<(TimeSpan At, SimulatedJob Job)> Cancellations { get; } = [];

    /// <summary>Jobs that are sent once more under their own id, with the same or with other content.</summary>
    internal List<(TimeSpan At, SimulatedJob Job, bool Same)> Repeats { get; } = [];

    /// <summary>All the time that handlers and waits can take one after the other: no drain needs longer.</summary>
    internal TimeSpan LongestWork => _jobs.Aggregate(TimeSpan.Zero, (sum, job) => sum + Longest(job));

    private TimeSpan Longest(SimulatedJob job) => job.Behaviour switch
    {
        Behaviour.Unknown => _settings.OfferLimit + (_settings.OfferDelayMax * 2),
        Behaviour.Fails => _settings.Retry.DelayMax * job.BadAttempts,
        Behaviour.AsksAgain => job.Again * job.BadAttempts,
        Behaviour.Killer => (_settings.Lease * 2 + _settings.RestartMax) * (JobLifecycle.DeathsMax + 1),
        Behaviour.Overrun => (_settings.OverrunLimit * 2 + _settings.Retry.DelayMax) * job.MaxAttempts,
        _ => job.Duration,
    };

    private TimeSpan Moment() => _settings.FaultTime * _random.NextDouble() * 0.8;

    private Behaviour Draw(ref int killers)
    {
        var draw = _random.Next(Mix.Sum(entry => entry.Weight));
        foreach (var (behaviour, weight) in Mix)
        {
            if ((draw -= weight) < 0)
            {
                return behaviour != Behaviour.Killer ? behaviour : killers-- > 0 ? behaviour : Behaviour.Instant;
            }
        }

        throw new InvalidOperationException("The weights do not add up.");
    }

    private SimulatedJob Make(ref int killers)
    {
        var behaviour = killers > 0 && _jobs.Count % 17 == 5 ? Behaviour.Killer : Draw(ref killers);
        if (behaviour == Behaviour.Killer)
        {
            killers--;
        }

        var maxAttempts = _random.Next(1, 5);
        var child = behaviour == Behaviour.Parent ? Add(Behaviour.Instant, 3, null) : null;
        return Add(behaviour, maxAttempts, child);
    }

    private SimulatedJob Add(Behaviour behaviour, int maxAttempts, SimulatedJob? child)
    {
        var number = _jobs.Count;
        var isDelayed = child is null && _random.Next(8) == 0;
        var message = new JobMessage
        {
            Id = _ids.Next(),
            Name = Handlers.NameOf(behaviour),
            Queue = Queues[_random.Next(Queues.Length)],
            Body = "[[],{},{}]"u8.ToArray(),
            Priority = _random.Next(4) == 0 ? _random.Next(10) : 0,
            MaxAttempts = maxAttempts,
            Delay = isDelayed ? TimeSpan.FromSeconds(_random.Next(1, 20)) : TimeSpan.Zero,
            Eta = !isDelayed && _random.Next(20) == 0 ? _start.AddSeconds(_random.Next(1, 60)) : null,
            Expires = behaviour is not (Behaviour.Killer or Behaviour.Parent) && _random.Next(15) == 0
                ? _start.AddSeconds(_random.Next(10, 90))
                : null,
            TimeLimit = behaviour == Behaviour.Overrun ? _settings.OverrunLimit : null,
            HasChosenId = _random.Next(2) == 0,
        };
        var job = new SimulatedJob
        {
            Number = number,
            Message = message,
            Behaviour = behaviour,
            Duration = Duration(behaviour),
            BadAttempts = behaviour is Behaviour.Fails or Behaviour.AsksAgain ? _random.Next(1, 5) : 0,
            MaxAttempts = maxAttempts,
            Again = TimeSpan.FromSeconds(_random.Next(0, 10)),
            Child = child,
        };
        _jobs.Add(job);
        return job;
    }

    private TimeSpan Duration(Behaviour behaviour) => behaviour switch
    {
        Behaviour.Slow or Behaviour.Stubborn or Behaviour.Progress or Behaviour.Parent =>
            _random.Next(6) == 0
                ? _settings.Lease * (1 + (2 * _random.NextDouble()))
                : TimeSpan.FromSeconds(_random.NextDouble() * 4),
        Behaviour.Overrun => _settings.OverrunLimit * 3,
        _ => TimeSpan.Zero,
    };
}
