using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;
using Lovage.Dashboard.Streaming;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Lovage.Dashboard.Endpoints;

/// <summary>The stream of changes, as server-sent events.</summary>
internal sealed class StreamEndpoint(StreamHub hub)
{
    /// <summary>A stream ends after this time, so that a person's permissions are looked at again.</summary>
    private static readonly TimeSpan LifeMax = TimeSpan.FromMinutes(30);

    internal IEnumerable<ApiRoute> Routes()
    {
        yield return ApiRoute.Stream(
            "stream",
            ConsolePermissions.View,
            "Changes as server-sent events: hello, pulse, beat, bye, and those of the topics.",
            ServeAsync,
            "topics");
    }

    private async Task ServeAsync(ApiCall call)
    {
        var topics = StreamTopics.Parse(call.Query("topics"));
        using var subscription = hub.TryOpen(topics, call.MayViewPayloads) ?? throw new ApiException(
            StatusCodes.Status503ServiceUnavailable,
            "Too many streams are open.",
            $"This process serves {StreamHub.StreamsMax} at the most. Poll instead.");
        var response = call.Context.Response;
        response.ContentType = "text/event-stream";
        response.Headers["X-Accel-Buffering"] = "no";
        response.Headers.ContentEncoding = "identity";
        call.Context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await response.Body.WriteAsync(
            StreamFrame.Of("hello", new HelloBody(call.Now), ApiJson.Default.HelloBody), call.Aborted);
        await response.Body.FlushAsync(call.Aborted);
        using var life = new CancellationTokenSource(LifeMax, call.Console.Time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(
            call.Aborted, call.Console.Lifetime.ApplicationStopping, life.Token);
        try
        {
            await hub.PublishAsync(end.Token);
            await FollowAsync(call, subscription, end.Token);
        }
        catch (OperationCanceledException) when (!call.Aborted.IsCancellationRequested)
        {
            await response.Body.WriteAsync(StreamFrame.Hint("bye"), call.Aborted);
            await response.Body.FlushAsync(call.Aborted);
        }
    }

    private async Task FollowAsync(ApiCall call, StreamHub.Subscription subscription, CancellationToken end)
    {
        var body = call.Context.Response.Body;
        var written = new long[subscription.Keys.Count];
        while (true)
        {
            var seen = hub.Version;
            var any = false;
            for (var i = 0; i < written.Length; i++)
            {
                if (hub.Newest(subscription.Keys[i]) is { } frame && frame.Number > written[i])
                {
                    await body.WriteAsync(frame.Bytes, call.Aborted);
                    (written[i], any) = (frame.Number, true);
                }
            }

            if (any)
            {
                await body.FlushAsync(call.Aborted);
            }

            await hub.WaitAsync(seen, end);
        }
    }
}
