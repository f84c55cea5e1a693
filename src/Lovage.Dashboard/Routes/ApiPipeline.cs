using System.Diagnostics.CodeAnalysis;
using Lovage.Dashboard.Access;
using Lovage.Dashboard.Sampling;
using Lovage.Dashboard.Telemetry;
using Lovage.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Lovage.Dashboard.Routes;

/// <summary>
/// What every route of the API goes through: access, permission, forgery, then the answer, or plan, audit record and
/// effect.
/// </summary>
internal sealed partial class ApiPipeline(ConsoleServices console, DashboardOptions options, string source)
{
    private readonly PermissionCheck _permissions = new(options);
    private readonly AuditTrail _audit = new(console, source);
    private readonly GuardedLogger _logger = console.Loggers.Guarded("Lovage.Dashboard");

    /// <summary>The handler of a route.</summary>
    internal RequestDelegate Handle(ApiRoute route) => context => RunAsync(route, context);

    /// <summary>The handler of a path below the API that is no route.</summary>
    internal Task NotFoundAsync(HttpContext context)
    {
        Head(context.Response);
        return (EndpointAccess.IsGranted(context, console.Environment)
            ? ApiResult.Problem(
                StatusCodes.Status404NotFound, "There is no such route.", "openapi.json lists the routes of this API.")
            : Closed()).WriteAsync(context.Response, context.RequestAborted);
    }

    [SuppressMessage("Design", "CA1031", Justification = "A fault of ours is logged, and answered as a problem.")]
    private async Task RunAsync(ApiRoute route, HttpContext context)
    {
        Head(context.Response);
        ApiResult? result;
        try
        {
            result = await AnswerAsync(route, context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return;
        }
        catch (Exception fault)
        {
            if (context.Response.HasStarted)
            {
                LogFault(_logger, fault, route.Method, route.Pattern);
                context.Abort();
                return;
            }

            result = Answer(fault, route);
        }

        if (result is not null)
        {
            await result.WriteAsync(context.Response, context.RequestAborted);
        }
    }

    private ApiResult Answer(Exception fault, ApiRoute route)
    {
        if (Problems.Of(fault) is { } problem)
        {
            return ApiResult.Problem(problem);
        }

        LogFault(_logger, fault, route.Method, route.Pattern);
        return ApiResult.Problem(
            StatusCodes.Status500InternalServerError,
            "The console could not answer.",
            "The server's log says why. Trying again may help; if it does not, report the line of the log.");
    }

    private async ValueTask<ApiResult?> AnswerAsync(ApiRoute route, HttpContext context)
    {
        if (!EndpointAccess.IsGranted(context, console.Environment))
        {
            return Closed();
        }

        var permissions = await _permissions.OfAsync(context);
        var needed = route.Permission == ConsolePermissions.None
            ? ConsolePermissions.None
            : route.Permission | ConsolePermissions.View;
        if ((permissions & needed) != needed)
        {
            return ApiResult.Problem(
                StatusCodes.Status403Forbidden,
                "You may not do that.",
                $"It needs the permission {string.Join(", ", ApiCall.WordsOf(needed & ~permissions))}.");
        }

        var call = new ApiCall(context, console, options) { Permissions = permissions };
        if (route.Serve is { } serve)
        {
            await serve(call);
            return null;
        }

        if (route.Answer is { } answer)
        {
            return await MeasureAsync(route, () => answer(call), context.RequestAborted);
        }

        if (ForgeryCheck.Refusal(context.Request) is { } refusal)
        {
            return ApiResult.Problem(
                StatusCodes.Status403Forbidden, "The change was refused, because it may be forged.", refusal);
        }

        var change = await route.Plan!(call);
        if (change.Reason?.Length > ReasonMax)
        {
            throw ApiCall.Bad($"A reason has at most {ReasonMax} characters.", "reason");
        }

        await _audit.WriteAsync(call, route.Action!, change);
        try
        {
            // The record is written: what follows happens, even when the person closes the page.
            return await MeasureAsync(
                route,
                () => new ValueTask<ApiResult>(change.Effect(CancellationToken.None)),
                CancellationToken.None);
        }
        finally
        {
            console.Forget();
        }
    }

    private const int ReasonMax = 500;

    private ValueTask<ApiResult> MeasureAsync(
        ApiRoute route, Func<ValueTask<ApiResult>> answer, CancellationToken aborted) =>
        ConsoleMeters.MeasureAsync(
            route.Name,
            console.Time,
            answer,
            static fault => Problems.Of(fault) is not { Status: < StatusCodes.Status500InternalServerError },
            aborted);

    private static ApiResult Closed() =>
        ApiResult.Problem(StatusCodes.Status403Forbidden, ClosedPage.Title, ClosedPage.Detail);

    private static void Head(HttpResponse response)
    {
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "same-origin";
    }

    [LoggerMessage(3112, LogLevel.Error, "The console could not answer {Method} {Pattern}")]
    private static partial void LogFault(ILogger logger, Exception fault, string method, string pattern);
}
