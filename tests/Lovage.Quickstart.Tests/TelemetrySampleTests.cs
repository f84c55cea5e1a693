using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Lovage.Quickstart.Tests;

/// <summary>The built sample that sends by OTLP, against a collector that keeps what it gets.</summary>
public sealed class TelemetrySampleTests
{
    [Fact(Timeout = 120_000)]
    public async Task Main_WithACollector_SendsMetricsTracesAndLogs()
    {
        var cancel = TestContext.Current.CancellationToken;
        var awaited = new ConcurrentDictionary<(string Path, string Text), TaskCompletionSource>(
            new[]
            {
                ("/v1/metrics", "lovage.job.run.duration"),
                ("/v1/metrics", "lovage.queue.oldest_age"),
                ("/v1/traces", "process rates.refresh"),
                ("/v1/logs", "Refreshed the rates"),
            }.Select(static one => KeyValuePair.Create(one, new TaskCompletionSource())));
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var collector = builder.Build();
        collector.MapPost("/v1/{signal}", async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, cancel);
            var text = Encoding.Latin1.GetString(body.ToArray());
            foreach (var (one, came) in awaited)
            {
                if (one.Path == context.Request.Path && text.Contains(one.Text, StringComparison.Ordinal))
                {
                    came.TrySetResult();
                }
            }
        });
        await collector.StartAsync(cancel);
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Telemetry.dll")])
        {
            RedirectStandardOutput = true,
            Environment =
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Urls.Single(),
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
                ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
                ["OTEL_BLRP_SCHEDULE_DELAY"] = "200",
            },
        };
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancel);
            var all = Task.WhenAll(awaited.Values.Select(static came => came.Task));
            if (await Task.WhenAny(all, output).WaitAsync(cancel) == output)
            {
                Assert.Fail(await output);
            }
        }
        finally
        {
            process.Kill();
        }
    }
}
