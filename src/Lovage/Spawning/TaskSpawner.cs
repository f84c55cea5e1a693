using Lovage.Spawning;

namespace Lovage;

/// <summary>
/// Starts work in this process beside the code that goes on: asyncio's <c>create_task</c>, <c>gather</c> and
/// <c>run_in_executor</c>. A spawned task is lost when the process dies; use <see cref="JobClient"/> for work that must
/// survive it. Inject it anywhere.
/// </summary>
/// <remarks>
/// Safe for use by several threads. A spawned task shares only the trace of its caller: no <see cref="AsyncLocal{T}"/>
/// value, no scoped service, no request. A delegate names services as parameters and gets them from a scope of its own.
/// A failure is logged, counted and given to the handlers of <see cref="LovageBuilder.OnTaskFailure"/>, also when the
/// caller awaits the task. The app's stop waits for tasks, then cancels them, then names those that are left. A caller
/// in async code that does not await one writes <c>_ = spawner.Spawn(...)</c>, or the compiler warns.
/// </remarks>
/// <example>
/// <code>
/// SpawnedTask&lt;string&gt; page = spawner.Spawn("fetch", ct => http.GetStringAsync("https://example.com", ct));
/// _ = spawner.Spawn(MailJobs.Welcome("ada@example.com"), new SpawnOptions { Delay = TimeSpan.FromSeconds(3) });
/// Console.WriteLine((await page).Length);
///
/// string[] pages = await spawner.WhenAllAsync("fetch", urls, (url, ct) => http.GetStringAsync(url, ct), 10);
/// long sum = await spawner.RunDedicatedAsync(() => Enumerable.Range(1, 1_000_000).Sum(n => (long)n));
/// </code>
/// </example>
public sealed class TaskSpawner
{
    private readonly LocalRunner _runner;
    private readonly LocalJobs _jobs;
    private readonly LocalCalls _calls;
    private readonly IServiceProvider? _services;

    internal TaskSpawner(LocalRunner runner, LocalJobs jobs, LocalCalls calls, IServiceProvider? services)
    {
        _runner = runner;
        _jobs = jobs;
        _calls = calls;
        _services = services;
    }

    /// <summary>
    /// What of this process has not ended: tasks after a response, spawned ones and calls on dedicated threads, oldest
    /// first.
    /// </summary>
    public IReadOnlyList<RunningTask> Running => _runner.List();

    /// <summary>
    /// Spawns a job: its handler runs in this process, with the arguments as they are, in a scope of its own, with
    /// filters, and with its own retries; nothing is stored.
    /// </summary>
    /// <param name="job">The job. A delay or due time is waited for; its queue, priority and expiry mean nothing
    /// here.</param>
    /// <param name="options">Another retry policy, or a delay; null (the default) for the job's own.</param>
    /// <exception cref="UnknownJobException">No handler of that name is registered in this process.</exception>
    /// <exception cref="BadArgumentsException">An argument is not valid.</exception>
    /// <exception cref="QueueFullException">Too many spawned tasks have not ended
    /// (<c>Lovage:Local:SpawnedMax</c>).</exception>
    /// <exception cref="AppStoppingException">The app is stopping.</exception>
    public SpawnedTask Spawn(Job job, SpawnOptions? options = null) => Start<object?>(job, options);

    /// <inheritdoc cref="Spawn(Job, SpawnOptions?)"/>
    /// <typeparam name="TResult">What the handler returns.</typeparam>
    public SpawnedTask<TResult> Spawn<TResult>(Job<TResult> job, SpawnOptions? options = null) =>
        Start<TResult>(job, options);

    /// <summary>Spawns a delegate: it starts at once on the thread pool, and the caller goes on.</summary>
    /// <param name="name">What it is called in logs, metrics and lists: a fixed text, not one with ids in it.</param>
    /// <param name="work">The work. Services it takes come from a scope of its own.</param>
    /// <param name="options">A delay or retries; null (the default) for none.</param>
    /// <exception cref="QueueFullException">Too many spawned tasks have not ended
    /// (<c>Lovage:Local:SpawnedMax</c>).</exception>
    /// <exception cref="AppStoppingException">The app is stopping.</exception>
    public SpawnedTask Spawn(string name, Action work, SpawnOptions? options = null) =>
        Start<bool>(name, LocalCalls.Of(work, options?.Retry), options);

    /// <inheritdoc cref="Spawn(string, Action, SpawnOptions?)"/>
    public SpawnedTask Spawn(string name, Func<Task> work, SpawnOptions? options = null) =>
        Start<bool>(name, _calls.Of(work, options?.Retry), options);

    /// <inheritdoc cref="Spawn(string, Action, SpawnOptions?)"/>
    public SpawnedTask Spawn(string name, Func<CancellationToken, Task> work, SpawnOptions? options = null) =>
        Start<bool>(name, _calls.Of(work, options?.Retry), options);

    /// <inheritdoc cref="Spawn(string, Action, SpawnOptions?)"/>
    /// <typeparam name="TResult">What it returns.</typeparam>
    public SpawnedTask<TResult> Spawn<TResult>(string name, Func<Task<TResult>> work, SpawnOptions? options = null) =>
        Start<TResult>(name, _calls.Of(work, options?.Retry), options);

    /// <inheritdoc cref="Spawn(string, Action, SpawnOptions?)"/>
    /// <typeparam name="TResult">What it returns.</typeparam>
    public SpawnedTask<TResult> Spawn<TResult>(
        string name,
        Func<CancellationToken, Task<TResult>> work,
        SpawnOptions? options = null) => Start<TResult>(name, _calls.Of(work, options?.Retry), options);

    /// <inheritdoc cref="Spawn(string, Action, SpawnOptions?)"/>
    /// <typeparam name="TService">A service of the scope.</typeparam>
    public SpawnedTask Spawn<TService>(string name, Action<TService> work, SpawnOptions? options = null)
        where TService : notnull => Start<bool>(name, _calls.Of(work, options?.Retry), options);

    /// <inheritdoc cref="Spawn(string, Action, SpawnOptions?)"/>
    /// <typeparam name="TService">A service of the scope.</typeparam>
    public SpawnedTask Spawn<TService>(string name, Func<TService, Task> work, SpawnOptions? options = null)
        where TService : notnull => Start<bool>(name, _calls.Of(work, options?.Retry), options);

    /// <inheritdoc cref="Spawn(string, Action, SpawnOptions?)"/>
    /// <typeparam name="TService">A service of the scope.</typeparam>
    public SpawnedTask Spawn<TService>(
        string name, Func<TService, CancellationToken, Task> work, SpawnOptions? options = null)
        where TService : notnull => Start<bool>(name, _calls.Of(work, options?.Retry), options);

    /// <inheritdoc cref="Spawn(string, Action, SpawnOptions?)"/>
    /// <typeparam name="TService">A service of the scope.</typeparam>
    /// <typeparam name="TResult">What it returns.</typeparam>
    public SpawnedTask<TResult> Spawn<TService, TResult>(
        string name, Func<TService, Task<TResult>> work, SpawnOptions? options = null)
        where TService : notnull => Start<TResult>(name, _calls.Of(work, options?.Retry), options);

    /// <inheritdoc cref="Spawn(string, Action, SpawnOptions?)"/>
    /// <typeparam name="TService">A service of the scope.</typeparam>
    /// <typeparam name="TResult">What it returns.</typeparam>
    public SpawnedTask<TResult> Spawn<TService, TResult>(
        string name, Func<TService, CancellationToken, Task<TResult>> work, SpawnOptions? options = null)
        where TService : notnull => Start<TResult>(name, _calls.Of(work, options?.Retry), options);

    /// <inheritdoc cref="Spawn(string, Action, SpawnOptions?)"/>
    /// <typeparam name="TService1">A service of the scope.</typeparam>
    /// <typeparam name="TService2">A service of the scope.</typeparam>
    public SpawnedTask Spawn<TService1, TService2>(
        string name, Action<TService1, TService2> work, SpawnOptions? options = null)
        where TService1 : notnull
        where TService2 : notnull => Start<bool>(name, _calls.Of(work, options?.Retry), options);

    /// <inheritdoc cref="Spawn(string, Action, SpawnOptions?)"/>
    /// <typeparam name="TService1">A service of the scope.</typeparam>
    /// <typeparam name="TService2">A service of the scope.</typeparam>
    public SpawnedTask Spawn<TService1, TService2>(
        string name, Func<TService1, TService2, Task> work, SpawnOptions? options = null)
        where TService1 : notnull
        where TService2 : notnull => Start<bool>(name, _calls.Of(work, options?.Retry), options);

    /// <inheritdoc cref="Spawn(string, Action, SpawnOptions?)"/>
    /// <typeparam name="TService1">A service of the scope.</typeparam>
    /// <typeparam name="TService2">A service of the scope.</typeparam>
    public SpawnedTask Spawn<TService1, TService2>(
        string name, Func<TService1, TService2, CancellationToken, Task> work, SpawnOptions? options = null)
        where TService1 : notnull
        where TService2 : notnull => Start<bool>(name, _calls.Of(work, options?.Retry), options);

    /// <inheritdoc cref="Spawn(string, Action, SpawnOptions?)"/>
    /// <typeparam name="TService1">A service of the scope.</typeparam>
    /// <typeparam name="TService2">A service of the scope.</typeparam>
    /// <typeparam name="TResult">What it returns.</typeparam>
    public SpawnedTask<TResult> Spawn<TService1, TService2, TResult>(
        string name, Func<TService1, TService2, Task<TResult>> work, SpawnOptions? options = null)
        where TService1 : notnull
        where TService2 : notnull => Start<TResult>(name, _calls.Of(work, options?.Retry), options);

    /// <inheritdoc cref="Spawn(string, Action, SpawnOptions?)"/>
    /// <typeparam name="TService1">A service of the scope.</typeparam>
    /// <typeparam name="TService2">A service of the scope.</typeparam>
    /// <typeparam name="TResult">What it returns.</typeparam>
    public SpawnedTask<TResult> Spawn<TService1, TService2, TResult>(
        string name, Func<TService1, TService2, CancellationToken, Task<TResult>> work, SpawnOptions? options = null)
        where TService1 : notnull
        where TService2 : notnull => Start<TResult>(name, _calls.Of(work, options?.Retry), options);

    /// <summary>
    /// Runs a call that blocks or computes on a thread of its own, off the thread pool, and returns its value:
    /// asyncio's <c>run_in_executor</c>. At most <c>Lovage:Local:DedicatedThreads</c> run at once, others wait. The
    /// caller's flow goes with it.
    /// </summary>
    /// <typeparam name="TResult">What it returns.</typeparam>
    /// <param name="work">The call. It should look at the token now and then.</param>
    /// <param name="cancellationToken">Cancels the call's token, and a call that has not begun.</param>
    /// <param name="name">What it is called in lists; the calling method by default.</param>
    /// <exception cref="QueueFullException">Too many calls have not ended
    /// (<c>Lovage:Local:DedicatedMax</c>).</exception>
    /// <exception cref="AppStoppingException">The app is stopping.</exception>
    public Task<TResult> RunDedicatedAsync<TResult>(
        Func<CancellationToken, TResult> work,
        CancellationToken cancellationToken = default,
        [System.Runtime.CompilerServices.CallerMemberName] string name = "")
    {
        ArgumentNullException.ThrowIfNull(work);
        return _calls.RunDedicatedAsync(_runner, name, work, cancellationToken);
    }

    /// <inheritdoc cref="RunDedicatedAsync{TResult}(Func{CancellationToken, TResult}, CancellationToken, string)"/>
    public Task<TResult> RunDedicatedAsync<TResult>(
        Func<TResult> work,
        CancellationToken cancellationToken = default,
        [System.Runtime.CompilerServices.CallerMemberName] string name = "")
    {
        ArgumentNullException.ThrowIfNull(work);
        return _calls.RunDedicatedAsync(_runner, name, _ => work(), cancellationToken);
    }

    /// <inheritdoc cref="RunDedicatedAsync{TResult}(Func{CancellationToken, TResult}, CancellationToken, string)"/>
    public Task RunDedicatedAsync(
        Action<CancellationToken> work,
        CancellationToken cancellationToken = default,
        [System.Runtime.CompilerServices.CallerMemberName] string name = "")
    {
        ArgumentNullException.ThrowIfNull(work);
        return _calls.RunDedicatedAsync(_runner, name, token => { work(token); return true; }, cancellationToken);
    }

    /// <inheritdoc cref="RunDedicatedAsync{TResult}(Func{CancellationToken, TResult}, CancellationToken, string)"/>
    public Task RunDedicatedAsync(
        Action work,
        CancellationToken cancellationToken = default,
        [System.Runtime.CompilerServices.CallerMemberName] string name = "")
    {
        ArgumentNullException.ThrowIfNull(work);
        return _calls.RunDedicatedAsync(_runner, name, _ => { work(); return true; }, cancellationToken);
    }

    /// <summary>
    /// Runs the same work for each item, at most <paramref name="maxConcurrency"/> at once, and returns the results in
    /// the items' order; asyncio's <c>gather</c>. The first failure cancels the others and is thrown; the others' own
    /// failures are logged.
    /// </summary>
    /// <typeparam name="TItem">An item.</typeparam>
    /// <typeparam name="TResult">A result.</typeparam>
    /// <param name="name">What it is called in logs, metrics and lists.</param>
    /// <param name="items">The items; read as places become free.</param>
    /// <param name="work">The work for one.</param>
    /// <param name="maxConcurrency">How many run at once, at least 1; 100 by default.</param>
    /// <param name="cancellationToken">Cancels all of it.</param>
    /// <exception cref="QueueFullException">Too many spawned tasks have not ended; all of a gathering counts as
    /// one.</exception>
    /// <exception cref="AppStoppingException">The app is stopping.</exception>
    public async Task<TResult[]> WhenAllAsync<TItem, TResult>(
        string name,
        IEnumerable<TItem> items,
        Func<TItem, CancellationToken, Task<TResult>> work,
        int maxConcurrency = Gathering.ConcurrencyDefault,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return await ValuesAsync(
            new Gathering<TItem, TResult>(
                _runner, items, new DelegateWork<TItem, TResult>(name, work), stopAtError: true),
            maxConcurrency,
            cancellationToken);
    }

    /// <summary>
    /// As <c>WhenAllAsync</c>, but every item is run to its end, whatever the others do, and nothing is thrown: each
    /// has an outcome, in the items' order.
    /// </summary>
    /// <inheritdoc cref="WhenAllAsync{TItem, TResult}(string, IEnumerable{TItem},
    /// Func{TItem, CancellationToken, Task{TResult}}, int, CancellationToken)"/>
    public Task<IReadOnlyList<TaskOutcome<TResult>>> WhenAllSettledAsync<TItem, TResult>(
        string name,
        IEnumerable<TItem> items,
        Func<TItem, CancellationToken, Task<TResult>> work,
        int maxConcurrency = Gathering.ConcurrencyDefault,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        return new Gathering<TItem, TResult>(
            _runner, items, new DelegateWork<TItem, TResult>(name, work), stopAtError: false)
            .RunAsync(maxConcurrency, cancellationToken);
    }

    /// <summary>Runs delegates at once, as the other <c>WhenAllAsync</c> does for items.</summary>
    /// <typeparam name="TResult">A result.</typeparam>
    /// <param name="name">What it is called in logs, metrics and lists.</param>
    /// <param name="work">The delegates.</param>
    /// <param name="maxConcurrency">How many run at once, at least 1; 100 by default.</param>
    /// <param name="cancellationToken">Cancels all of it.</param>
    /// <exception cref="QueueFullException">Too many spawned tasks have not ended; all of a gathering counts as
    /// one.</exception>
    /// <exception cref="AppStoppingException">The app is stopping.</exception>
    public Task<TResult[]> WhenAllAsync<TResult>(
        string name,
        IEnumerable<Func<CancellationToken, Task<TResult>>> work,
        int maxConcurrency = Gathering.ConcurrencyDefault,
        CancellationToken cancellationToken = default) =>
        WhenAllAsync(name, work, static (run, token) => run(token), maxConcurrency, cancellationToken);

    /// <summary>
    /// Runs jobs at once, in this process and each as often as its own policy says, as the other <c>WhenAllAsync</c>
    /// does for items.
    /// </summary>
    /// <typeparam name="TResult">A result.</typeparam>
    /// <param name="jobs">The jobs.</param>
    /// <param name="maxConcurrency">How many run at once, at least 1; 100 by default.</param>
    /// <param name="cancellationToken">Cancels all of it.</param>
    /// <exception cref="QueueFullException">Too many spawned tasks have not ended; all of a gathering counts as
    /// one.</exception>
    /// <exception cref="AppStoppingException">The app is stopping.</exception>
    /// <exception cref="UnknownJobException">No handler of a job's name is registered in this process.</exception>
    public async Task<TResult[]> WhenAllAsync<TResult>(
        IEnumerable<Job<TResult>> jobs,
        int maxConcurrency = Gathering.ConcurrencyDefault,
        CancellationToken cancellationToken = default) =>
        await ValuesAsync(
            new Gathering<Job<TResult>, TResult>(
                _runner, jobs, new JobWork<TResult>(_jobs, _services), stopAtError: true),
            maxConcurrency,
            cancellationToken);

    private static async Task<TResult[]> ValuesAsync<TItem, TResult>(
        Gathering<TItem, TResult> gathering, int maxConcurrency, CancellationToken cancellationToken) =>
        [.. (await gathering.RunAsync(maxConcurrency, cancellationToken)).Select(static outcome => outcome.Value!)];

    private SpawnedTask<TResult> Start<TResult>(Job job, SpawnOptions? options)
    {
        ArgumentNullException.ThrowIfNull(job);
        var call = _jobs.Repeated<TResult>(job, _services, options?.Retry);
        var delay = _jobs.Delay(job);
        return Start<TResult>(job.Name, call, options is { Delay: var asked } && asked > delay
            ? options
            : (options ?? new SpawnOptions()) with { Delay = delay });
    }

    private SpawnedTask<TResult> Start<TResult>(string name, LocalCall call, SpawnOptions? options)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var entry = _runner.Accept(TaskKind.Spawned, name);
        var task = new SpawnedTask<TResult>(entry);
        entry.Task = task;
        _runner.Run(task, call, options?.Delay ?? TimeSpan.Zero);
        return task;
    }
}
