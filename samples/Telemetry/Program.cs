using Lovage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using TelemetrySample;

// A worker whose metrics, traces and logs go to a collector by OTLP. OTEL_EXPORTER_OTLP_ENDPOINT says where it is;
// http://localhost:4317 by default. A schedule gives it a job each five seconds.
var builder = Host.CreateApplicationBuilder(args);
builder.AddLovage(options => options.Storage = "memory:")
    .AddJobs()
    .AddSchedule("rates", Every.Seconds(5), RateJobs.Refresh("EUR"))
    .AddWorker();
builder.Services.AddOpenTelemetry()
    .ConfigureResource(static resource => resource.AddService("lovage-telemetry"))
    .WithMetrics(static metrics => metrics.AddMeter("Lovage"))
    .WithTracing(static tracing => tracing.AddSource("Lovage"))
    .WithLogging()
    .UseOtlpExporter();
builder.Build().Run();
