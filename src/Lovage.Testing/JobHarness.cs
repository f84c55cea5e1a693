using System.Collections.Immutable;
using Lovage.Protocol;
using Lovage.Spawning;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Lovage.Testing;

/// <summary>Runs an app's jobs under a test's control and says what was enqueued.</summary>
/// <remarks>For one test at a time.</remarks>
public sealed class JobHarness
{
    private const int RecordsMax = 10_000;

    private readonly IServiceProvider _services;

    internal JobHarness(IServiceProvider services) => _services = services;

    /// <summary>
    /// Runs one job to its end without storing it: its arguments go through JSON, each attempt has a scope of its own,
    /// filters around running apply, and retries follow at once.
    /// </summary>
    /// <param name="job">The job; its delay, queue and priority do not matter.</param>
    /// <returns>The outcome, failures included.</returns>
    /// <exception cref="PayloadTooLargeException">The arguments are larger than the cap.</exception>
    /// <exception cref="BadArgumentsException">The arguments are refused, as they would be where the job is
    /// enqueued.</exception>
    public async ValueTask<JobRun> RunAsync(Job job)
    {
        ArgumentNullException.ThrowIfNull(job);
        var messages = _services.GetRequiredService<JobMessages>();
        var time = _services.GetRequiredService<TimeProvider>();
        var runner = new DeliveryRunner(_services);
        var message = messages.Make(messages.Draft(job));
        var attempts = ImmutableArray.CreateBuilder<AttemptRecord>();
        var progress = default(JobProgressReport);
        while (true)
        {
            var now = time.GetUtcNow();
            var delivery = new Delivery
            {
                Message = message,
                Token = default,
                EnqueuedAt = now,
                ReadyAt = now,
                ClaimedAt = now,
                AttemptsSoFar = attempts.Count,
            };
            var outcome = await runner.AttemptAsync(delivery)
                ?? throw new InvalidOperationException(
                    $"Job '{job.Name}' was interrupted: nothing of the kind happens without a worker.");
            if (outcome.Progress is { } fraction)
            {
                progress = new JobProgressReport(fraction, outcome.ProgressMessage);
            }

            attempts.Add(outcome.Attempt);
            if (outcome.Decision != JobDecision.Retry)
            {
                return new JobRun(
                    JobLifecycle.After(outcome.Decision, JobState.Running),
                    outcome.Result,
                    outcome.Attempt.Error,
                    outcome.Reason,
                    attempts.ToImmutable(),
                    progress,
                    _services.GetRequiredService<JobSerializer>());
            }

            message = message with { Retries = message.Retries + 1 };
        }
    }

    /// <summary>
    /// Runs everything that is enqueued, what those jobs enqueue included, until nothing is ready. With a
    /// <see cref="FakeTimeProvider"/> the clock is then moved to the next due time, again and again, until nothing is
    /// scheduled either, retries included; with another clock what is not due yet stays.
    /// </summary>
    /// <param name="cancellationToken">Ends it between two attempts.</param>
    /// <returns>Attempts that were run.</returns>
    /// <exception cref="InvalidOperationException">There is no end to it: 10,000 attempts were run.</exception>
    public async ValueTask<int> DrainAsync(CancellationToken cancellationToken = default)
    {
        var storage = await OpenAsync(cancellationToken);
        var runner = new DeliveryRunner(_services);
        var clock = _services.GetRequiredService<TimeProvider>() as FakeTimeProvider;
        var total = 0;
        while (true)
        {
            var queues = (await storage.Broker.QueuesAsync(cancellationToken))
                .Where(static queue => !queue.Paused)
                .Select(static queue => queue.Queue)
                .ToList();
            var attempts = await runner.RunReadyAsync(queues, withRetryWaits: true, cancellationToken);
            total += attempts;
            if (total >= DeliveryRunner.AttemptsMax)
            {
                throw new InvalidOperationException(
                    $"{total:N0} attempts were run and there are still jobs: do they enqueue each other for ever?");
            }

            if (attempts > 0)
            {
                continue;
            }

            if (clock is null || await NextDueAsync(storage, queues, cancellationToken) is not { } due)
            {
                return total;
            }

            var wait = due - clock.GetUtcNow();
            clock.Advance(wait > TimeSpan.Zero ? wait : TimeSpan.FromTicks(1));
        }
    }

    /// <summary>
    /// Fires every schedule that is due by now, as the app's own scheduler does: when this returns, each tick up to now
    /// is dealt with, and the jobs of those that fired are enqueued for <see cref="DrainAsync"/>. Whether this call or
    /// the app's scheduler did it makes no difference: a tick fires once. Move a <see cref="FakeTimeProvider"/> to the
    /// tick first (<see cref="Schedule.NextTick"/>); a tick that lies further back than 2 s goes by its schedule's
    /// misfire rule. Schedules for every node (<see cref="ScheduleTarget.EveryNode"/>) are no part of it.
    /// </summary>
    /// <param name="cancellationToken">Ends it between two rounds.</param>
    /// <exception cref="StorageException">The storage keeps no schedules.</exception>
    public async ValueTask RunDueSchedulesAsync(CancellationToken cancellationToken = default)
    {
        await OpenAsync(cancellationToken);
        await _services.GetRequiredService<ScheduleSet>().FireDueAsync(cancellationToken);
    }

    /// <summary>
    /// Waits until no task of this process is unfinished: tasks after a response, spawned ones, gathered ones and calls
    /// on dedicated threads, and what they start in turn. The tasks of a request count from the moment they are added.
    /// With a <see cref="FakeTimeProvider"/> the clock stands still meanwhile: a spawned task with a delay, or between
    /// two tries, is waited for until the test moves the clock from elsewhere.
    /// </summary>
    /// <param name="cancellationToken">Gives up waiting; a task that never ends is waited for as long.</param>
    /// <exception cref="OperationCanceledException">The wait was given up.</exception>
    public Task WaitForBackgroundTasksAsync(CancellationToken cancellationToken = default) =>
        _services.GetRequiredService<LocalRunner>().WhenIdleAsync(cancellationToken);

    /// <summary>Everything that was enqueued and is still kept, oldest first, at most the newest 10,000.</summary>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async ValueTask<IReadOnlyList<JobRecord>> EnqueuedAsync(CancellationToken cancellationToken = default)
    {
        var storage = await OpenAsync(cancellationToken);
        return await ReadAsync(storage, new JobQuery { Limit = JobBroker.BatchMax }, cancellationToken);
    }

    /// <summary>Fails unless jobs like this were enqueued.</summary>
    /// <param name="name">The job's name.</param>
    /// <param name="queue">Its queue; null (the default) for any.</param>
    /// <param name="times">How many; null (the default) for at least one.</param>
    /// <param name="arguments">The arguments in the order of the parameters, compared as JSON; null (the default) for
    /// any.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The jobs, oldest first.</returns>
    /// <exception cref="JobAssertionException">There are none, or another number; the message lists what was enqueued
    /// and what differs.</exception>
    public async ValueTask<IReadOnlyList<JobRecord>> ShouldHaveEnqueuedAsync(
        string name,
        string? queue = null,
        int? times = null,
        object?[]? arguments = null,
        CancellationToken cancellationToken = default)
    {
        var expected = new ExpectedJob(
            name,
            queue,
            arguments is null ? (ReadOnlyMemory<byte>?)null : Body(Job.Create(name, arguments)),
            NamedBody(name, arguments));
        var enqueued = await EnqueuedAsync(cancellationToken);
        var found = enqueued.Where(job => expected.Differences(job).Count == 0).ToList();
        return (times is null ? found.Count > 0 : found.Count == times)
            ? found
            : throw new JobAssertionException(expected.Describe(times, found.Count, enqueued));
    }

    /// <summary>Fails when a job like this was enqueued.</summary>
    /// <param name="name">The job's name.</param>
    /// <param name="queue">Its queue; null (the default) for any.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="JobAssertionException">There is one; the message lists what was enqueued.</exception>
    public async ValueTask ShouldNotHaveEnqueuedAsync(
        string name, string? queue = null, CancellationToken cancellationToken = default) =>
        await ShouldHaveEnqueuedAsync(name, queue, times: 0, cancellationToken: cancellationToken);

    private ReadOnlyMemory<byte> Body(Job job) =>
        _services.GetRequiredService<JobMessages>().Encode(job, definition: null);

    /// <summary>The arguments as a factory writes them that writes names; null where these are not known.</summary>
    private ReadOnlyMemory<byte>? NamedBody(string name, object?[]? arguments) =>
        arguments is not null
        && _services.GetRequiredService<JobRegistry>().TryFind(name, out var definition)
        && arguments.Length <= definition.Parameters.Length
            ? Body(Job.Create(name, JobArguments.Of(
                [],
                arguments.Select((value, i) => KeyValuePair.Create(definition.Parameters[i].Name, value)))))
            : (ReadOnlyMemory<byte>?)null;

    private static async ValueTask<DateTimeOffset?> NextDueAsync(
        JobStorage storage, List<string> queues, CancellationToken cancellationToken)
    {
        var waiting = await ReadAsync(
            storage,
            new JobQuery { States = [JobState.Scheduled, JobState.Retrying], Limit = JobBroker.BatchMax },
            cancellationToken);
        return waiting.Where(job => queues.Contains(job.Message.Queue)).Min(static job => job.DueAt);
    }

    private static async ValueTask<IReadOnlyList<JobRecord>> ReadAsync(
        JobStorage storage, JobQuery query, CancellationToken cancellationToken)
    {
        var records = new List<JobRecord>();
        for (JobPage? page = null; (page is null || page.Next is not null) && records.Count < RecordsMax;)
        {
            page = await storage.RequireHistory().QueryAsync(query with { After = page?.Next }, cancellationToken);
            records.AddRange(page.Jobs);
        }

        records.Reverse();
        return records;
    }

    /// <summary>Opens the storage for a test that never starts its app.</summary>
    private async ValueTask<JobStorage> OpenAsync(CancellationToken cancellationToken)
    {
        var gate = _services.GetRequiredService<StorageGate>();
        if (!gate.IsOpen)
        {
            await _services.GetRequiredService<JobStorage>().OpenAsync(cancellationToken);
            gate.Open();
        }

        return gate.Storage;
    }
}
