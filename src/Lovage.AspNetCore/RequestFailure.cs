using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.AspNetCore;

/// <summary>
/// Stands around the whole pipeline. A request that ends in an exception drops its tasks; one that was refused because too many tasks are unfinished, or because the app
/// stops, is answered 503 where nothing else in the app has answered.
/// </summary>
internal sealed class RequestFailure : IStartupFilter
{
    /// <summary>True when something in the pipeline, an exception handler or the developer's page, has answered an exception.</summary>
    internal static bool Handled(HttpContext context) => context.Features.Get<IExceptionHandlerFeature>() is not null;

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(static rest => context => Run(rest, context));
        next(app);
    };

    /// <summary>No state machine for a request that ends well.</summary>
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

        return running.IsCompletedSuccessfully ? running : WaitAsync(running, context);
    }

    private static async Task WaitAsync(Task running, HttpContext context)
    {
        try
        {
            await running;
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
        context.Features.Get<BackgroundTasks>()?.Drop();
        return true;
    }

    private static bool MayAnswer(HttpContext context, Exception error) => Refusal.IsOne(error) && !context.Response.HasStarted;

    private static async Task AnswerAsync(HttpContext context, LovageException error)
    {
        context.Response.Clear();
        await context.RequestServices.GetRequiredService<Refusal>().TryHandleAsync(context, error, context.RequestAborted);
    }
}
