using Lovage.Spawning;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.AspNetCore;

/// <summary>
/// Stands around the whole pipeline and drops the tasks of a request that ends in an exception. When nothing in the app
/// has answered a refused request, it answers 503: too many tasks are unfinished, or the app stops.
/// </summary>
internal sealed class RequestFailure : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(static rest => context => Run(rest, context));
        next(new AnswerWatch(app));
    };

    /// <summary>Runs the request, without a state machine when it ends well.</summary>
    private static Task Run(RequestDelegate rest, HttpContext context)
    {
        Task running;
        try
        {
            running = rest(context);
        }
        catch (Exception error) when (Note(context) && !MayAnswer(context, error))
        {
            throw;
        }
        catch (LovageException error)
        {
            return AnswerAsync(context, error);
        }

        if (!running.IsCompletedSuccessfully)
        {
            return WaitAsync(running, context);
        }

        LookForSwallowed(context);
        return running;
    }

    private static async Task WaitAsync(Task running, HttpContext context)
    {
        try
        {
            await running;
            LookForSwallowed(context);
        }
        catch (Exception error) when (Note(context) && !MayAnswer(context, error))
        {
            throw;
        }
        catch (LovageException error)
        {
            await AnswerAsync(context, error);
        }
    }

    private static bool Note(HttpContext context)
    {
        context.Features.Get<BackgroundTasks>()?.Tasks.Drop(AfterResponseTasks.Threw);
        return true;
    }

    /// <summary>
    /// Drops the tasks of a request whose exception a middleware of ASP.NET Core has swallowed, because the client has
    /// gone or the request's time was up.
    /// </summary>
    /// <remarks>
    /// The status is the only mark that it leaves. Exception handlers and the developer's page set 499, and the
    /// middleware of time limits sets the status of the limit's policy. The server sets 499 later, for a request that
    /// ended well without a listening client.
    /// </remarks>
    private static void LookForSwallowed(HttpContext context)
    {
        var status = context.Response.StatusCode;
        if (status < StatusCodes.Status400BadRequest
            || context.Features.Get<BackgroundTasks>() is not { Tasks: var tasks })
        {
            return;
        }

        if (tasks.HasTimedOut)
        {
            if (!tasks.HasAnswered
                && (status == StatusCodes.Status499ClientClosedRequest || TimeLimit.Answers(context, status)))
            {
                tasks.Drop("the time of their request was up");
            }
        }
        else if (status == StatusCodes.Status499ClientClosedRequest && context.RequestAborted.IsCancellationRequested)
        {
            tasks.Drop("the client of their request has gone");
        }
    }

    private static bool MayAnswer(HttpContext context, Exception error) =>
        Refusal.IsOne(error) && !context.Response.HasStarted;

    private static async Task AnswerAsync(HttpContext context, LovageException error)
    {
        context.Response.Clear();
        await context.RequestServices.GetRequiredService<Refusal>()
            .TryHandleAsync(context, error, context.RequestAborted);
    }
}
