using Lovage;
using Polly.Timeout;
using UnstableCalls;

// An unstable HTTP call, wrapped with Polly outside any job and inside one. README.md in this folder says which retries
// are for what.
await using var server = await FlakyServer.StartAsync();
using var http = new HttpClient { BaseAddress = server.Address };
var failed = 0;

Console.WriteLine("1. Fails twice, then answers: three calls.");
using (var answer = await CallAsync("/rate/blip?failures=2", retries: 3))
{
    Check(
        answer.IsSuccessStatusCode && server.Calls("blip") == 3,
        $"{(int)answer.StatusCode} after {server.Calls("blip")} calls");
}

Console.WriteLine("2. An answer that no retry changes: one call.");
using (var answer = await CallAsync("/nothing-here", retries: 3))
{
    Check((int)answer.StatusCode == 404, $"{(int)answer.StatusCode}, not retried");
}

Console.WriteLine("3. Down: give up after four calls.");
using (var answer = await CallAsync("/rate/down?failures=1000", retries: 3))
{
    Check(
        (int)answer.StatusCode == 503 && server.Calls("down") == 4,
        $"{(int)answer.StatusCode}, gave up after {server.Calls("down")} calls");
}

Console.WriteLine("4. Hangs: give up when the time for all calls together is over.");
try
{
    using var answer = await CallAsync("/hangs", retries: 1_000, total: TimeSpan.FromSeconds(1));
    Check(false, $"{(int)answer.StatusCode}");
}
catch (TimeoutRejectedException)
{
    Check(true, "gave up after 1 s");
}

Console.WriteLine("5. Inside a job: Polly within an attempt, the job's own retries between attempts.");
var builder = Host.CreateApplicationBuilder(args);
builder.Logging.ClearProviders();
builder.Services.AddSingleton(http);
builder.AddLovage(options => options.Storage = "memory:").AddJobs().AddWorker();
using (var host = builder.Build())
{
    await host.StartAsync();
    var handle = await host.Services.GetRequiredService<JobClient>()
        .EnqueueAsync(RateJobs.Refresh("/rate/outage?failures=4"));
    var rate = await handle.WaitAsync();
    var job = await handle.FindAsync();
    Check(
        rate == 1.0842 && job?.Attempts == 2 && server.Calls("outage") == 5,
        $"the job {job?.State} with {rate} in {job?.Attempts} attempts and {server.Calls("outage")} calls");
    await host.StopAsync();
}

Console.WriteLine(failed == 0 ? "Everything came out as it should." : $"{failed} came out otherwise.");
return failed == 0 ? 0 : 1;

async Task<HttpResponseMessage> CallAsync(string path, int retries, TimeSpan? total = null) =>
    await UnstableCall.Pipeline(
        retries, total ?? TimeSpan.FromSeconds(30), each: TimeSpan.FromSeconds(total is null ? 10 : 0.3))
        .ExecuteAsync(
            async cancellationToken => await http.GetAsync(new Uri(path, UriKind.Relative), cancellationToken),
            CancellationToken.None);

void Check(bool expected, string what)
{
    failed += expected ? 0 : 1;
    Console.WriteLine($"   {(expected ? "" : "NOT EXPECTED: ")}{what}");
}
