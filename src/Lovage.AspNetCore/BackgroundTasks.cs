using System.Reflection;
using System.Text.Json.Serialization;
using Lovage.AspNetCore;
using Lovage.Spawning;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage;

/// <summary>
/// Runs work after the response, as FastAPI's <c>BackgroundTasks</c>. An endpoint or a controller's action takes it as
/// a parameter, any service of the request by constructor; all of them share one list. The tasks start when the
/// response has gone out, one after the other in the order in which they were added.
/// </summary>
/// <remarks>
/// <para>Safe for use by several threads while the request runs. The connection serves its next request at once. A
/// client that disconnects does not stop the tasks. A failed task is logged, counted and given to
/// <see cref="LovageBuilder.OnTaskFailure"/>, and the next still runs. A request that ends in an exception or runs into
/// its time limit drops its tasks, with a line in the log; those that its error page adds run. A request that answers
/// with an error status runs them.</para>
/// <para>The request is over when its tasks run: do not use its <see cref="HttpContext"/> or its scoped services in
/// them (an analyzer flags it). Read what the task needs before. Let the task take services as parameters: they come
/// from a scope of its own. The tasks live in this process; enqueue a durable job for work that must survive it.</para>
/// </remarks>
/// <example>
/// <code>
/// app.MapPost("/orders/{id}", (int id, BackgroundTasks background) =>
/// {
///     background.Add("orders.audit", (ILogger&lt;Program&gt; log) => log.LogInformation("Order {Id} was taken", id));
///     background.Add(MailJobs.Welcome("ada@example.com"));    // a job's handler, without a worker
///     return TypedResults.Ok();
/// });
/// </code>
/// </example>
[BoundByRequest]
[JsonConverter(typeof(BackgroundTasksBodyRefusal))]
public sealed class BackgroundTasks
{
    private readonly RequestTasks _tasks;
    private readonly LocalCalls _calls;

    private BackgroundTasks(HttpContext request, AfterResponse after)
    {
        _calls = after.Calls;
        _tasks = new RequestTasks(request, after);
    }

    /// <summary>The list itself.</summary>
    internal RequestTasks Tasks => _tasks;

    /// <summary>
    /// Adds a job. Its handler runs once in this process, with the arguments as they are, in a scope of its own and
    /// with filters. No storage knows of it; enqueue it with <see cref="JobClient"/> if it must survive a crash.
    /// </summary>
    /// <param name="job">The job, without a delay; its queue, priority and expiry mean nothing here.</param>
    /// <exception cref="UnknownJobException">No handler of that name is registered in this process.</exception>
    /// <exception cref="BadArgumentsException">An argument is not valid.</exception>
    /// <exception cref="QueueFullException">Too many tasks after a response have not ended
    /// (<c>Lovage:Local:AfterResponseMax</c>); when the app does not catch it, the answer is 503 with
    /// Retry-After.</exception>
    /// <exception cref="AppStoppingException">The app is stopping.</exception>
    /// <exception cref="ArgumentException">The job has a delay or a due time.</exception>
    /// <exception cref="InvalidOperationException">The response has gone out already, or the connection is a WebSocket
    /// or a SignalR hub.</exception>
    public void Add(Job job) => _tasks.Add(job);

    /// <summary>Adds a delegate.</summary>
    /// <param name="name">Its name in logs, metrics and lists: a fixed text without ids.</param>
    /// <param name="work">The work. Its services come from a scope of its own; its token is cancelled when the app's
    /// stop no longer waits.</param>
    /// <exception cref="QueueFullException">Too many tasks after a response have not ended
    /// (<c>Lovage:Local:AfterResponseMax</c>); when the app does not catch it, the answer is 503 with
    /// Retry-After.</exception>
    /// <exception cref="AppStoppingException">The app is stopping.</exception>
    /// <exception cref="InvalidOperationException">The response has gone out already, or the connection is a WebSocket
    /// or a SignalR hub.</exception>
    public void Add(string name, Action work) => _tasks.Add(name, LocalCalls.Of(work));

    /// <inheritdoc cref="Add(string, Action)"/>
    public void Add(string name, Func<Task> work) => _tasks.Add(name, _calls.Of(work));

    /// <inheritdoc cref="Add(string, Action)"/>
    public void Add(string name, Func<CancellationToken, Task> work) => _tasks.Add(name, _calls.Of(work));

    /// <inheritdoc cref="Add(string, Action)"/>
    /// <typeparam name="TService">A service of the task's own scope.</typeparam>
    public void Add<TService>(string name, Action<TService> work)
        where TService : notnull => _tasks.Add(name, _calls.Of(work));

    /// <inheritdoc cref="Add(string, Action)"/>
    /// <typeparam name="TService">A service of the task's own scope.</typeparam>
    public void Add<TService>(string name, Func<TService, Task> work)
        where TService : notnull => _tasks.Add(name, _calls.Of(work));

    /// <inheritdoc cref="Add(string, Action)"/>
    /// <typeparam name="TService">A service of the task's own scope.</typeparam>
    public void Add<TService>(string name, Func<TService, CancellationToken, Task> work)
        where TService : notnull => _tasks.Add(name, _calls.Of(work));

    /// <inheritdoc cref="Add(string, Action)"/>
    /// <typeparam name="TService1">A service of the task's own scope.</typeparam>
    /// <typeparam name="TService2">A service of the task's own scope.</typeparam>
    public void Add<TService1, TService2>(string name, Action<TService1, TService2> work)
        where TService1 : notnull
        where TService2 : notnull => _tasks.Add(name, _calls.Of(work));

    /// <inheritdoc cref="Add(string, Action)"/>
    /// <typeparam name="TService1">A service of the task's own scope.</typeparam>
    /// <typeparam name="TService2">A service of the task's own scope.</typeparam>
    public void Add<TService1, TService2>(string name, Func<TService1, TService2, Task> work)
        where TService1 : notnull
        where TService2 : notnull => _tasks.Add(name, _calls.Of(work));

    /// <inheritdoc cref="Add(string, Action)"/>
    /// <typeparam name="TService1">A service of the task's own scope.</typeparam>
    /// <typeparam name="TService2">A service of the task's own scope.</typeparam>
    public void Add<TService1, TService2>(string name, Func<TService1, TService2, CancellationToken, Task> work)
        where TService1 : notnull
        where TService2 : notnull => _tasks.Add(name, _calls.Of(work));

    /// <summary>Binds a parameter of a minimal endpoint, never from the body; ASP.NET Core calls it.</summary>
    /// <param name="context">The request.</param>
    /// <param name="parameter">The parameter.</param>
    /// <exception cref="InvalidOperationException">The app has no Lovage.</exception>
    public static ValueTask<BackgroundTasks?> BindAsync(HttpContext context, ParameterInfo parameter)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new ValueTask<BackgroundTasks?>(Of(context));
    }

    /// <summary>The list of a request, made at the first call.</summary>
    internal static BackgroundTasks Of(HttpContext context)
    {
        if (context.Features.Get<BackgroundTasks>() is { } known)
        {
            return known;
        }

        // The app's own services come first: the request's services would make a scope, which many endpoints never
        // need.
        var after = ((context as DefaultHttpContext)?.ServiceScopeFactory as IServiceProvider)
            ?.GetService<AfterResponse>()
            ?? context.RequestServices.GetService<AfterResponse>()
            ?? throw new InvalidOperationException(BackgroundTasksBodyRefusal.HowToAdd);
        var made = new BackgroundTasks(context, after);
        context.Features.Set(made);
        context.Response.OnCompleted(
            static state =>
            {
                ((RequestTasks)state).Start();
                return Task.CompletedTask;
            },
            made._tasks);
        return made;
    }
}
