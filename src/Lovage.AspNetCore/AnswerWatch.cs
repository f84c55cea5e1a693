using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;

namespace Lovage.AspNetCore;

/// <summary>
/// Notes that a request with a time limit was answered with an error behind a middleware, and not by that middleware.
/// An endpoint that answers 504 itself looks otherwise like one whose exception the limit's middleware has swallowed.
/// </summary>
/// <remarks>The endpoints of a web app stand behind all that the app's author adds. Only a request that has a time
/// limit costs more than a look.</remarks>
internal sealed class AnswerWatch(IApplicationBuilder app) : IApplicationBuilder
{
    public IServiceProvider ApplicationServices
    {
        get => app.ApplicationServices;
        set => app.ApplicationServices = value;
    }

    public IFeatureCollection ServerFeatures => app.ServerFeatures;

    public IDictionary<string, object?> Properties => app.Properties;

    public IApplicationBuilder Use(Func<RequestDelegate, RequestDelegate> middleware)
    {
        app.Use(rest => middleware(context =>
            context.Features.Get<IHttpRequestTimeoutFeature>() is null ? rest(context) : WatchAsync(rest, context)));
        return this;
    }

    public IApplicationBuilder New() => app.New();

    public RequestDelegate Build() => app.Build();

    private static async Task WatchAsync(RequestDelegate rest, HttpContext context)
    {
        await rest(context);

        // 499 is what an exception handler sets for an exception that it swallows here.
        if (context.Response.StatusCode is >= StatusCodes.Status400BadRequest
                and not StatusCodes.Status499ClientClosedRequest
            && context.Features.Get<BackgroundTasks>() is { } tasks)
        {
            tasks.Tasks.HasAnswered = true;
        }
    }
}
