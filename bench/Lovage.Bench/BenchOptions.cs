using System.Globalization;

namespace Lovage.Bench;

/// <summary>What to measure, from the command line.</summary>
internal sealed record BenchOptions
{
    internal const string Usage =
        """
        Usage: SCENARIO [--storage memory|sqlite|postgres|postgres://...] [--jobs N] [--json] [--concurrency N]
          [--prefetch N] [--callers N] [--rate N] [--seconds N] [--processes 1|2] [--runs N] [--pin] [--delay MS]
          enqueue   1 caller, 64 callers (or --callers), bulk
          drain     N pre-queued no-op jobs, results and attempts recorded, every id exactly once
          latency   open loop at --rate for --seconds: from the intended send to the handler's start; --processes 2 runs
                    the worker in another process; --pin keeps a transaction open beside it (postgres); --delay delays
                    each job, and counts from when it is due
          idle      CPU seconds a minute of a worker with nothing to do, over --seconds
          backlog   rate and worker memory with 10 k and with --jobs (1 M by default) queued
          after-response  requests a second with a no-op task after each response, without one, and without Lovage,
                    over --seconds
          schedules  how late --jobs schedules (1,000 by default) fire that tick each second, over --seconds,
                    all at once and spread
          schedules-idle  processor time of a worker with --jobs schedules (100,000 by default) that are far from due,
                    over --seconds
          delayed   how late --jobs delayed jobs (100,000 by default) start that are due at the same instant, and the
                    worker's memory
          console   what a console asks of --jobs (1 M by default) finished jobs: pages, counts, errors, statistics,
                    and the same through the HTTP API of an app
          raw       the tables, rows and batches of drain through one prepared connection, no engine (sqlite); the
                    storage's calls in batches, one loop and two (postgres)
        """;

    internal required string Scenario { get; init; }

    internal string Storage { get; init; } = "memory";

    internal int? Jobs { get; init; }

    internal int Concurrency { get; init; } = 16;

    internal int? Prefetch { get; init; }

    internal int? Callers { get; init; }

    internal double Rate { get; init; } = 20;

    internal double Seconds { get; init; } = 60;

    internal int Processes { get; init; } = 1;

    internal int Runs { get; init; } = 3;

    internal bool Json { get; init; }

    /// <summary>
    /// A transaction that does nothing stays open beside the run, so that no dead row can be removed (PostgreSQL).
    /// </summary>
    internal bool Pin { get; init; }

    /// <summary>By how much each job of a latency run is delayed.</summary>
    internal TimeSpan Delay { get; init; }

    internal static BenchOptions Parse(string[] args)
    {
        if (args.Length == 0)
        {
            throw new ArgumentException(Usage);
        }

        var options = new BenchOptions { Scenario = args[0] };
        for (var i = 1; i < args.Length; i++)
        {
            var name = args[i];
            if (name is "--json" or "--pin")
            {
                options = name == "--json" ? options with { Json = true } : options with { Pin = true };
                continue;
            }

            if (++i >= args.Length)
            {
                throw new ArgumentException($"{name} needs a value. {Usage}");
            }

            var value = args[i];
            options = name switch
            {
                "--storage" => options with { Storage = value },
                "--jobs" => options with { Jobs = Whole(name, value) },
                "--concurrency" => options with { Concurrency = Whole(name, value) },
                "--prefetch" => options with { Prefetch = Whole(name, value) },
                "--callers" => options with { Callers = Whole(name, value) },
                "--rate" => options with { Rate = Number(name, value) },
                "--seconds" => options with { Seconds = Number(name, value) },
                "--processes" => options with { Processes = Whole(name, value) },
                "--delay" => options with { Delay = TimeSpan.FromMilliseconds(Number(name, value)) },
                "--runs" => options with { Runs = Whole(name, value) },
                _ => throw new ArgumentException($"There is no option {name}. {Usage}"),
            };
        }

        return options;
    }

    private static int Whole(string name, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new ArgumentException($"{name} is a whole number above 0, not '{value}'.");

    private static double Number(string name, string value) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new ArgumentException($"{name} is a number above 0, not '{value}'.");
}
