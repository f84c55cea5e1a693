using System.Globalization;
using Lovage;
using Polly.Timeout;

namespace UnstableCalls;

/// <summary>
/// Retries in two layers, each for its own span. Polly bridges a blip of the network in milliseconds, within one
/// attempt. When it gives up, the exception leaves the handler, and the job's own retries take over. They wait seconds
/// to hours, hold neither thread nor slot meanwhile and survive a restart; each attempt keeps its error. The layers
/// multiply (here 2 attempts of up to 3 calls): keep the inner one short.
/// </summary>
internal sealed class RateJobs(HttpClient http)
{
    // In an app the wait would be minutes: RetryDelaySeconds = 60, exponential, which is the default.
    [Job(
        "rate.refresh",
        MaxAttempts = 4,
        Backoff = Backoff.Fixed,
        RetryDelaySeconds = 0.2,
        RetryOn = [typeof(HttpRequestException), typeof(TimeoutRejectedException)])]
    public async Task<double> RefreshAsync(string path, JobContext context, CancellationToken cancellationToken)
    {
        Console.WriteLine($"   attempt {context.Attempt} of the job");
        var pipeline = UnstableCall.Pipeline(retries: 2, total: TimeSpan.FromSeconds(5), each: TimeSpan.FromSeconds(1));
        using var answer = await pipeline.ExecuteAsync(
            async token => await http.GetAsync(new Uri(path, UriKind.Relative), token), cancellationToken);
        return double.Parse(
            await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellationToken),
            CultureInfo.InvariantCulture);
    }
}
