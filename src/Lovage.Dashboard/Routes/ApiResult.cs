using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Lovage.Dashboard.Api;
using Microsoft.AspNetCore.Http;

namespace Lovage.Dashboard.Routes;

/// <summary>What a route answers.</summary>
internal abstract class ApiResult
{
    internal static ApiResult Json<T>(T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK) =>
        new JsonResult<T>(value, type, status);

    internal static ApiResult Problem(int status, string title, string detail) =>
        Problem(new Problem(title, detail, status));

    internal static ApiResult Problem(Problem problem) => new ProblemResult(problem);

    internal static ApiResult NotFound(string what) => Problem(
        StatusCodes.Status404NotFound, $"There is no such {what}.", "It may have been removed, or the name is wrong.");

    internal abstract Task WriteAsync(HttpResponse response, CancellationToken cancellationToken);

    private static async Task WriteAsync<T>(
        HttpResponse response, T value, JsonTypeInfo<T> type, string contentType, CancellationToken cancellationToken)
    {
        // Whole before the first byte goes out: a fault while writing still becomes a problem.
        var bytes = JsonSerializer.SerializeToUtf8Bytes(value, type);
        response.ContentType = contentType;
        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes, cancellationToken);
    }

    private sealed class JsonResult<T>(T value, JsonTypeInfo<T> type, int status) : ApiResult
    {
        internal override Task WriteAsync(HttpResponse response, CancellationToken cancellationToken)
        {
            response.StatusCode = status;
            return WriteAsync(response, value, type, "application/json; charset=utf-8", cancellationToken);
        }
    }

    private sealed class ProblemResult(Problem problem) : ApiResult
    {
        internal override Task WriteAsync(HttpResponse response, CancellationToken cancellationToken)
        {
            response.StatusCode = problem.Status;
            return WriteAsync(
                response, problem, ApiJson.Default.Problem, "application/problem+json", cancellationToken);
        }
    }
}
