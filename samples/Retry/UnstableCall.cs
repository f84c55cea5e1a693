using System.Net;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace UnstableCalls;

/// <summary>
/// The retries around one call, in milliseconds: Polly takes tenacity's place. The call must be idempotent, as a GET
/// is, because the server may have carried out a call that timed out.
/// </summary>
internal static class UnstableCall
{
    /// <param name="retries">Calls after the first.</param>
    /// <param name="total">All calls and waits together.</param>
    /// <param name="each">One call.</param>
    public static ResiliencePipeline<HttpResponseMessage> Pipeline(int retries, TimeSpan total, TimeSpan each) =>
        new ResiliencePipelineBuilder<HttpResponseMessage>()
            // tenacity: stop_after_delay; the outermost comes first
            .AddTimeout(total)
            .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = retries,                             // stop_after_attempt(retries + 1)
                Delay = TimeSpan.FromMilliseconds(50),
                MaxDelay = TimeSpan.FromSeconds(1),
                // wait_exponential_jitter: without jitter all callers come back at the same moment
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                // retry_if_exception, retry_if_result
                ShouldHandle = static call => ValueTask.FromResult(IsPassing(call.Outcome)),
                OnRetry = static call =>                                // before_sleep
                {
                    Console.WriteLine(
                        $"   call {call.AttemptNumber + 1}: {Describe(call.Outcome)}, again in "
                            + $"{call.RetryDelay.TotalMilliseconds:0} ms");
                    return ValueTask.CompletedTask;
                },
            })
            .AddTimeout(each)
            .Build();

    /// <summary>
    /// Tells what is worth another try: no connection, no answer in time, or an error of the server's own. A 404 will
    /// be a 404 again.
    /// </summary>
    private static bool IsPassing(Outcome<HttpResponseMessage> outcome) => outcome switch
    {
        { Exception: HttpRequestException or TimeoutRejectedException } => true,
        {
            Result.StatusCode: >= HttpStatusCode.InternalServerError
            or HttpStatusCode.TooManyRequests
            or HttpStatusCode.RequestTimeout
        } => true,
        _ => false,
    };

    private static string Describe(Outcome<HttpResponseMessage> outcome) =>
        outcome.Exception is { } error ? error.GetType().Name : $"{(int)outcome.Result!.StatusCode}";
}
