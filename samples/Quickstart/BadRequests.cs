using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Quickstart;

/// <summary>Requests that cannot be read are answered with problem details that say what is wrong.</summary>
internal static class BadRequests
{
    public static IServiceCollection AddBadRequestDetails(this IServiceCollection services) => services
        .Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true)
        .Configure<ExceptionHandlerOptions>(handler =>
        {
            handler.StatusCodeSelector = exception => StatusOf(exception) ?? StatusCodes.Status500InternalServerError;

            // A mistake of the client is told to the client, and is no error of this app for its log.
            handler.SuppressDiagnosticsCallback = failed =>
                failed.ExceptionHandledBy == ExceptionHandledType.ExceptionHandlerService
                    || StatusOf(failed.Exception) is not null;
        })
        .Configure<ProblemDetailsOptions>(problems => problems.CustomizeProblemDetails = context =>
        {
            context.ProblemDetails.Detail ??= context.Exception is BadHttpRequestException bad
                ? bad.Message
                : context.ProblemDetails switch
                {
                    HttpValidationProblemDetails invalid =>
                        string.Join(' ', invalid.Errors.SelectMany(error => error.Value)),
                    { Status: StatusCodes.Status404NotFound } =>
                        "There is nothing at this address; /openapi/v1.json lists what there is.",
                    { Status: StatusCodes.Status405MethodNotAllowed } =>
                        "This address knows other methods; /openapi/v1.json lists them.",
                    { Status: StatusCodes.Status415UnsupportedMediaType } =>
                        "This content type is not taken here: send application/json, or a table as text/csv to "
                            + "/process/.",
                    _ => null,
                };
        });

    public static ProblemHttpResult Problem(
        string detail,
        int status = StatusCodes.Status400BadRequest,
        params IEnumerable<KeyValuePair<string, object?>> facts) =>
        TypedResults.Problem(detail, statusCode: status, extensions: facts);

    private static int? StatusOf(Exception exception) =>
        exception is BadHttpRequestException bad ? bad.StatusCode : null;
}
