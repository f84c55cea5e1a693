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
        next(app);
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

        LookForAbort(context);
        return running;
    }

    private static async Task WaitAsync(Task running, HttpContext context)
    {
        try
        {
            await running;
            LookForAbort(context);
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
        BackgroundTasks.Drop(context);
        return true;
    }

    /// <summary>
    /// Drops the tasks of a request that failed because its client has gone. Exception handlers and the developer's
    /// page swallow that exception and set this status as the only mark. The server sets the same status later, for a
    /// request that ended well without a listening client.
    /// </summary>
    private static void LookForAbort(HttpContext context)
    {
        if (context.Response.StatusCode == StatusCodes.Status499ClientClosedRequest
            && context.RequestAborted.IsCancellationRequested)
        {
            BackgroundTasks.Drop(context);
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
