using System.Runtime.CompilerServices;
using Lovage.Spawning;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.SignalR;

namespace Lovage.AspNetCore;

/// <summary>The tasks of a request, which knows whether it can take tasks and whether it has failed.</summary>
internal sealed class RequestTasks(HttpContext request, AfterResponse after)
    : AfterResponseTasks(after.Runner, after.Jobs)
{
    private IExceptionHandlerFeature? _failure;
    private CancellationToken _timeout;

    /// <summary>
    /// True once the time limit of the request was up, as long as its middleware was around the code that added a task.
    /// </summary>
    internal bool HasTimedOut => _timeout.IsCancellationRequested;

    /// <summary>True when the endpoint itself, or something in front of it, has answered an error.</summary>
    internal bool HasAnswered { get; set; }

    protected override IServiceProvider Services => request.RequestServices;

    /// <remarks>
    /// The response of an upgraded connection ends with the connection, which may live for days, and most end in an
    /// exception that would drop the tasks.
    /// </remarks>
    protected override void Check(string name)
    {
        if (IsUpgraded())
        {
            throw new InvalidOperationException(
                $"Task '{name}' cannot wait for a response: this connection is a WebSocket, a SignalR hub or another "
                    + "upgraded one, and its response ends with the connection. Use TaskSpawner, which is bound to no "
                    + "request.");
        }

        // The middleware takes its token back when the request leaves it.
        if (request.Features.Get<IHttpRequestTimeoutFeature>() is { } limit)
        {
            _timeout = limit.RequestTimeoutToken;
        }
    }

    /// <remarks>An exception handler leaves this mark before it answers.</remarks>
    protected override bool HasFailed()
    {
        var failure = request.Features.Get<IExceptionHandlerFeature>();
        if (failure is null || ReferenceEquals(failure, _failure))
        {
            return false;
        }

        _failure = failure;
        return true;
    }

    private bool IsUpgraded() => request.Response.StatusCode == StatusCodes.Status101SwitchingProtocols
        || (request.Response.HasStarted && (IsTunnel() || IsHub(request)));

    /// <summary>HTTP/2 and HTTP/3 open a WebSocket with CONNECT and answer 200.</summary>
    private bool IsTunnel() => HttpMethods.IsConnect(request.Request.Method)
        && request.Response.StatusCode is >= StatusCodes.Status200OK and < StatusCodes.Status300MultipleChoices;

    /// <summary>In a method of its own: most apps never load SignalR.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool IsHub(HttpContext request) =>
        request.GetEndpoint()?.Metadata.GetMetadata<HubMetadata>() is not null;
}
