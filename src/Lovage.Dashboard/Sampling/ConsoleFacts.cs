namespace Lovage.Dashboard.Sampling;

/// <summary>
/// What several pages and streams show and what costs a query: read when it is asked for, once for all of them.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class ConsoleFacts
{
    /// <summary>Dead letters are counted up to here.</summary>
    internal const int CountMax = 10_000;

    /// <summary>Groups of failures at the most.</summary>
    private const int FailuresMax = 100;

    /// <summary>Running jobs at the most.</summary>
    private const int RunningMax = 100;

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly Cached<IReadOnlyList<FailureGroup>> _failures;
    private readonly Cached<IReadOnlyList<JobRecord>> _running;
    private readonly Cached<Usual> _usual;
    private readonly Cached<BoundedCount> _dead;

    internal ConsoleFacts(JobInspector jobs, TimeProvider time)
    {
        _failures = Cache<IReadOnlyList<FailureGroup>>(
            3, [], token => jobs.FailuresAsync(new FailureQuery { Limit = FailuresMax }, token));
        _running = Cache<IReadOnlyList<JobRecord>>(1, [], token => jobs.LongestRunningAsync(RunningMax, token));
        _dead = Cache(
            5,
            new BoundedCount(0, true),
            token => jobs.CountAsync(new JobQuery { States = [JobState.Dead] }, CountMax, token));
        _usual = new(time, TimeSpan.FromMinutes(1), async token => jobs.DescribeStorage().HasHistory
            ? Usual.Of(
                await jobs.StatisticsAsync(new StatisticsQuery { Since = time.GetUtcNow() - Day }, token),
                time.GetUtcNow())
            : Usual.Of([], time.GetUtcNow()));

        Cached<T> Cache<T>(int seconds, T none, Func<CancellationToken, ValueTask<T>> read) => new(
            time,
            TimeSpan.FromSeconds(seconds),
            async token => jobs.DescribeStorage().HasHistory ? await read(token) : none);
    }

    /// <summary>Failures by their cause, the newest first.</summary>
    internal Task<IReadOnlyList<FailureGroup>> FailuresAsync(CancellationToken cancellationToken) =>
        _failures.GetAsync(cancellationToken);

    /// <summary>The jobs that have been running for the longest time.</summary>
    internal Task<IReadOnlyList<JobRecord>> RunningAsync(CancellationToken cancellationToken) =>
        _running.GetAsync(cancellationToken);

    /// <summary>How long the jobs of each name ran in the last day.</summary>
    internal async Task<IReadOnlyDictionary<string, DurationHistogram>> UsualAsync(
        CancellationToken cancellationToken) => (await _usual.GetAsync(cancellationToken)).Runs;

    /// <summary>Dead letters of the hour of the clock, as of the last minute.</summary>
    internal async Task<long> DeadThisHourAsync(CancellationToken cancellationToken) =>
        (await _usual.GetAsync(cancellationToken)).DeadThisHour;

    /// <summary>Dead letters.</summary>
    internal Task<BoundedCount> DeadAsync(CancellationToken cancellationToken) => _dead.GetAsync(cancellationToken);

    /// <summary>After a change that a person made: the next page shows it.</summary>
    internal void Forget()
    {
        _failures.Forget();
        _running.Forget();
        _dead.Forget();
    }

    private sealed record Usual(IReadOnlyDictionary<string, DurationHistogram> Runs, long DeadThisHour)
    {
        internal static Usual Of(IReadOnlyList<JobStatistics> hours, DateTimeOffset now) => new(
            hours.GroupBy(static hour => hour.Name, StringComparer.Ordinal)
                .ToDictionary(
                    static name => name.Key,
                    static name => name.Aggregate(
                        DurationHistogram.Empty, static (sum, hour) => sum.Add(hour.Run)),
                    StringComparer.Ordinal),
            hours.Where(hour => hour.Hour > now - TimeSpan.FromHours(1)).Sum(static hour => hour.Dead));
    }
}
