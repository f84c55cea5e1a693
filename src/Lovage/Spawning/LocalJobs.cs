using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using Lovage.Execution;
using Lovage.Protocol;
using Lovage.Storage;

namespace Lovage.Spawning;

/// <summary>
/// Runs jobs in the process that made them: with the captured arguments, the same filters, the same handler and scope
/// as a worker, and no storage.
/// </summary>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class LocalJobs(
    JobMessages messages, JobWorkerServices app, DedicatedThreads threads, WorkerSettings worker, ScopeHolds? holds)
{
    private readonly JobRunner _runner = new(app.Filters);

    /// <summary>A call that runs the job once, whatever its policy.</summary>
    /// <param name="job">The job.</param>
    /// <param name="services">The caller's, which build the filters around enqueuing if they can be held until these
    /// have ended; else, and for null, the filters get a scope of their own.</param>
    /// <exception cref="UnknownJobException">No handler of that name is registered here.</exception>
    internal LocalCall Once(Job job, IServiceProvider? services) =>
        Call<object?>(job, new Caller(services, Waits: false), retries: false, null);

    /// <summary>A call that runs the job as often as its policy, or the one given instead, says.</summary>
    /// <param name="job">The job.</param>
    /// <param name="services">As for <see cref="Once"/>.</param>
    /// <param name="retry">Another policy than the job's own; null for that.</param>
    /// <exception cref="UnknownJobException">No handler of that name is registered here.</exception>
    internal LocalCall<TResult> Repeated<TResult>(Job job, IServiceProvider? services, RetryPolicy? retry) =>
        Call<TResult>(job, new Caller(services, Waits: false), retries: true, retry);

    /// <summary>A call that runs the job as often as its policy says, while its caller waits for it.</summary>
    /// <param name="job">The job.</param>
    /// <param name="services">Build the filters around enqueuing; null for a scope made for them.</param>
    /// <exception cref="UnknownJobException">No handler of that name is registered here.</exception>
    internal LocalCall<TResult> Awaited<TResult>(Job job, IServiceProvider? services) =>
        Call<TResult>(job, new Caller(services, Waits: true), retries: true, null);

    /// <summary>How long a job asks to wait.</summary>
    internal TimeSpan Delay(Job job)
    {
        var delay = job.Delay ?? TimeSpan.Zero;
        return job.At is { } at && at - app.Time.GetUtcNow() is var rest && rest > delay ? rest : delay;
    }

    private JobCall<TResult> Call<TResult>(Job job, Caller caller, bool retries, RetryPolicy? retry)
    {
        ArgumentNullException.ThrowIfNull(job);
        var definition = messages.Require(job.Name);
        messages.Validate(job, definition);
        var policy = retries ? retry ?? definition.Retry ?? worker.Retry : null;
        var attempts = policy is null
            ? 1
            : AttemptLimit.Of(retry?.MaxAttempts ?? job.MaxAttempts, definition, policy) ?? worker.MaxAttempts;
        return new JobCall<TResult>(this, definition, Make(job, definition, attempts, caller), policy, attempts);
    }

    /// <summary>
    /// The job's message, made where it is given, so that it names its caller as its parent. A filter that refuses the
    /// job at once refuses it there; one that does so later fails the task.
    /// </summary>
    private Task<LocalJob> Make(Job job, JobDefinition definition, int maxAttempts, Caller caller)
    {
        if (messages.Filters(definition) is not { IsEmpty: false } filters)
        {
            return Task.FromResult(new LocalJob(messages.MakeLocal(job, definition, maxAttempts), job.Arguments));
        }

        // A caller that goes on may end its scope while a filter still waits for something.
        var held = !caller.Waits && caller.Services is { } own && holds?.CanHold(own) is true ? holds : null;
        var made = FilterAsync(
            job, definition, maxAttempts, filters, caller.Waits || held is not null ? caller.Services : null);
        if (made.IsCompleted)
        {
            made.GetAwaiter().GetResult();
            return made;
        }

        held?.Hold(caller.Services!, made);

        // A task that is dropped never asks what became of the filters.
        made.ContinueWith(
            static task => _ = task.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default);
        return made;
    }

    /// <summary>
    /// Filters around enqueuing see the job in its caller's flow, so that what they read there (tenant, user, culture)
    /// travels with it.
    /// </summary>
    private async Task<LocalJob> FilterAsync(
        Job job,
        JobDefinition definition,
        int maxAttempts,
        ImmutableArray<Type> chain,
        IServiceProvider? services)
    {
        var filtered = await messages.FilterLocalAsync(job, chain, services);
        return new LocalJob(messages.MakeLocal(filtered, definition, maxAttempts), filtered.Arguments);
    }

    /// <summary>What gave a job.</summary>
    /// <param name="Services">The services of its scope; null for none.</param>
    /// <param name="Waits">True when it waits for the job, so that its scope lives as long.</param>
    private readonly record struct Caller(IServiceProvider? Services, bool Waits);

    /// <summary>A job of this process: its message without a body, and its arguments as the caller gave them.</summary>
    private readonly record struct LocalJob(JobMessage Message, JobArguments Arguments);

    private sealed class JobCall<TResult>(
        LocalJobs owner,
        JobDefinition definition,
        Task<LocalJob> job,
        RetryPolicy? retry,
        int maxAttempts) : LocalCall<TResult>
    {
        private bool _ranHandler;
        private JobAttempt? _last;

        /// <summary>
        /// Only what the handler throws is worth another try: a filter that refused the job, or a result that cannot be
        /// read, stays as it is.
        /// </summary>
        internal override RetryPolicy? Retry => _ranHandler ? retry : null;

        internal override int MaxAttempts => maxAttempts;

        internal override bool IsApart => definition.Execution == JobExecution.DedicatedThread;

        internal override Exception? Shown(Exception? error) =>
            _last?.Secrets is { } secrets ? secrets.Clean(error) : error;

        internal override async Task InvokeAsync(int attempt, CancellationToken cancellationToken)
        {
            var run = owner.Attempt(await job, definition, attempt, maxAttempts);
            _last = run;
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

    private JobAttempt Attempt(LocalJob job, JobDefinition definition, int attempt, int maxAttempts)
    {
        var now = app.Time.GetUtcNow();
        var message = attempt == 1 ? job.Message : job.Message with { Retries = attempt - 1 };
        return new JobAttempt(
            new Delivery { Message = message, Token = default, EnqueuedAt = now, ReadyAt = now, ClaimedAt = now },
            definition,
            maxAttempts,
            app,
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
    /// In process either limit cancels the handler's token; no other attempt takes the handler's place. One longer
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
