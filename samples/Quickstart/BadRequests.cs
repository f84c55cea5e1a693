using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Quickstart;

/// <summary>Requests that cannot be read are answered with problem details that say what is wrong.</summary>
internal static class BadRequests
{
    public static IServiceCollection AddBadRequestDetails(this IServiceCollection services) => services
        .Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true)
        .Configure<ExceptionHandlerOptions>(handler => handler.StatusCodeSelector = exception => StatusOf(exception) ?? StatusCodes.Status500InternalServerError)
        .Configure<ProblemDetailsOptions>(problems => problems.CustomizeProblemDetails = context =>
        {
            if (context.Exception is BadHttpRequestException bad)
            {
                context.ProblemDetails.Detail = bad.Message;
            }
        });

    public static ProblemHttpResult Problem(string detail, int status = StatusCodes.Status400BadRequest, params IEnumerable<KeyValuePair<string, object?>> facts) =>
        TypedResults.Problem(detail, statusCode: status, extensions: facts);

    private static int? StatusOf(Exception exception) => exception is BadHttpRequestException bad ? bad.StatusCode : null;
}
