using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using Lovage.Execution;
using Lovage.Protocol;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Spawning;

/// <summary>
/// Runs jobs in the process that made them: with the captured arguments, the same filters, the same handler and scope
/// as a worker, and no storage.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class LocalJobs(
    JobWorkerServices app, JobIdSource ids, DedicatedThreads threads, WorkerSettings worker)
{
    private readonly JobRunner _runner = new(app.Filters);

    /// <summary>A call that runs the job once, whatever its policy.</summary>
    /// <param name="job">The job.</param>
    /// <param name="services">Build the filters around enqueuing; null for a scope made for them.</param>
    /// <exception cref="UnknownJobException">No handler of that name is registered here.</exception>
    internal LocalCall Once(Job job, IServiceProvider? services) => Call<object?>(job, services, retries: false, null);

    /// <summary>A call that runs the job as often as its policy, or the one given instead, says.</summary>
    /// <param name="job">The job.</param>
    /// <param name="services">Build the filters around enqueuing; null for a scope made for them.</param>
    /// <param name="retry">Another policy than the job's own; null for that.</param>
    /// <exception cref="UnknownJobException">No handler of that name is registered here.</exception>
    internal LocalCall<TResult> Repeated<TResult>(Job job, IServiceProvider? services, RetryPolicy? retry) =>
        Call<TResult>(job, services, retries: true, retry);

    /// <summary>How long a job asks to wait.</summary>
    internal TimeSpan Delay(Job job)
    {
        var delay = job.Delay ?? TimeSpan.Zero;
        return job.At is { } at && at - app.Time.GetUtcNow() is var rest && rest > delay ? rest : delay;
    }

    private JobCall<TResult> Call<TResult>(Job job, IServiceProvider? services, bool retries, RetryPolicy? retry)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (!app.Jobs.TryFind(job.Name, out var definition))
        {
            throw UnknownJobException.Here(job.Name, app.Jobs);
        }

        job.Arguments.Validate(job.Name);
        var policy = retries ? retry ?? definition.Retry ?? worker.Retry : null;
        var attempts = policy is null ? 1 : retry?.MaxAttempts
            ?? job.MaxAttempts
            ?? definition.MaxAttempts
            ?? policy.MaxAttempts
            ?? worker.MaxAttempts;
        var chain = definition.Filters.IsEmpty ? app.Filters : app.Filters.AddRange(definition.Filters);
        return new JobCall<TResult>(
            this,
            definition,
            chain.IsEmpty ? Task.FromResult(job) : Filtered(job, chain, services),
            new JobPlace(job.Id ?? ids.Next(), JobContext.Current),
            policy,
            attempts);
    }

    /// <summary>
    /// What filters make of the job. One that refuses it at once refuses it where it is given; one that does so later
    /// fails the task.
    /// </summary>
    private Task<Job> Filtered(Job job, ImmutableArray<Type> chain, IServiceProvider? services)
    {
        var filtered = FilterAsync(job, chain, services);
        if (filtered.IsCompleted)
        {
            filtered.GetAwaiter().GetResult();
        }
        else
        {
            // A task that is dropped looks at it no more.
            filtered.ContinueWith(
                static task => _ = task.Exception,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted,
                TaskScheduler.Default);
        }

        return filtered;
    }

    /// <summary>
    /// Filters around enqueuing see the job in its caller's flow, so that what they read there (tenant, user, culture)
    /// travels with it.
    /// </summary>
    private async Task<Job> FilterAsync(Job job, ImmutableArray<Type> chain, IServiceProvider? services)
    {
        AsyncServiceScope? scope = services is null ? app.Scopes.CreateAsyncScope() : null;
        try
        {
            await EnqueueFilters.RunAsync(job, chain, scope?.ServiceProvider ?? services!, filtered =>
            {
                job = filtered;
                return ValueTask.CompletedTask;
            });
            return job;
        }
        finally
        {
            if (scope is { } made)
            {
                await made.DisposeAsync();
            }
        }
    }

    /// <summary>Where a job stands in its tree: under the attempt that asked for it, or at its root.</summary>
    private readonly record struct JobPlace(JobId Id, string? RootId, string? ParentId)
    {
        internal JobPlace(JobId id, JobContext? caller)
            : this(id, caller?.RootId, caller?.Id.Value)
        {
        }
    }

    private sealed class JobCall<TResult>(
        LocalJobs owner,
        JobDefinition definition,
        Task<Job> job,
        JobPlace place,
        RetryPolicy? retry,
        int maxAttempts) : LocalCall<TResult>
    {
        private bool _ranHandler;

        /// <summary>
        /// Only what the handler throws is worth another try: a filter that refused the job, or a result that cannot be
        /// read, stays as it is.
        /// </summary>
        internal override RetryPolicy? Retry => _ranHandler ? retry : null;

        internal override int MaxAttempts => maxAttempts;

        internal override bool IsApart => definition.Execution == JobExecution.DedicatedThread;

        internal override async Task InvokeAsync(int attempt, CancellationToken cancellationToken)
        {
            var run = owner.Attempt(await job, definition, place, attempt, maxAttempts);
            _ranHandler = true;
            await using var cancelled = cancellationToken.UnsafeRegister(
                static state => ((JobAttempt)state!).Cancel(JobCancellationReason.Caller), run);
            await using var limit = owner.Limit(run);
            var ending = IsApart
                ? await owner.RunDedicatedAsync(run)
                : await owner.RunAsync(run);
            if (ending.End == AttemptEnd.TimedOut)
            {
                throw new TimeoutException($"Job '{definition.Name}' ran over its time limit.", ending.Error);
            }

            if (ending.Error is { } error)
            {
                ExceptionDispatchInfo.Throw(error);
            }

            _ranHandler = false;
            Result = run.ResultValue switch
            {
                TResult result => result,
                null => default,
                var other => owner.Read<TResult>(other),
            };
        }
    }

    private JobAttempt Attempt(Job job, JobDefinition definition, JobPlace place, int attempt, int maxAttempts)
    {
        var now = app.Time.GetUtcNow();
        var message = new JobMessage
        {
            Id = place.Id,
            RootId = place.RootId,
            ParentId = place.ParentId,
            Name = definition.Name,
            Queue = job.Queue ?? definition.Queue ?? "",
            Body = default,
            Retries = attempt - 1,
            MaxAttempts = maxAttempts,
            Headers = job.Headers as ImmutableDictionary<string, string>
                ?? job.Headers.ToImmutableDictionary(StringComparer.Ordinal),
        };
        return new JobAttempt(
            new Delivery { Message = message, Token = default, EnqueuedAt = now, ReadyAt = now, ClaimedAt = now },
            definition,
            maxAttempts,
            app.Serializer,
            app.Scopes,
            worker,
            cancelInline: false)
        {
            Given = job.Arguments,
        };
    }

    /// <summary>
    /// A caller that reads the result as another type than the handler's gets what a durable job would give it.
    /// </summary>
    private TResult? Read<TResult>(object value) =>
        app.Serializer.Read<TResult>(
            JsonSerializer.SerializeToUtf8Bytes(value, app.Serializer.Contract(value.GetType())));

    private ValueTask<AttemptEnding> RunAsync(JobAttempt run) => _runner.RunAsync(run);

    private async ValueTask<AttemptEnding> RunDedicatedAsync(JobAttempt run) =>
        await threads.RunAsync(() => _runner.RunAsync(run));

    /// <summary>
    /// In process either limit cancels the handler's token; no other attempt can take the handler's place. One longer
    /// than a timer can be is no limit here.
    /// </summary>
    private ITimer? Limit(JobAttempt run) =>
        (run.SoftLimit ?? run.HardLimit ?? worker.SoftTimeLimit ?? worker.TimeLimit) is { } limit
            && limit <= LocalSettings.TimerMax
            ? app.Time.CreateTimer(
                static state => ((JobAttempt)state!).Cancel(JobCancellationReason.TimeLimit),
                run,
                limit,
                Timeout.InfiniteTimeSpan)
            : null;
}
