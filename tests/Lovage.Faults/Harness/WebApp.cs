using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Xunit;

namespace Lovage.Faults.Harness;

/// <summary>Latencies of requests that were sent one after the other by a few clients.</summary>
internal sealed record RequestLatencies(int Requests, TimeSpan P50, TimeSpan P99, TimeSpan Max)
{
    public override string ToString() =>
        $"{Requests} requests, p50 {P50.TotalMilliseconds:0.0} ms, p99 {P99.TotalMilliseconds:0.0} ms, at most "
            + $"{Max.TotalMilliseconds:0.0} ms";
}

/// <summary>
/// A web app with a worker in the test's own process, over a real socket, and what it logs and measures.
/// </summary>
internal sealed class WebApp : IAsyncDisposable
{
    internal const int PoolStarves = 3021;
    internal const int PoolAnswers = 3022;

    internal static readonly TimeSpan Lease = TimeSpan.FromSeconds(2);

    private const int Clients = 4;

    private readonly WebApplication _app;
    private readonly LogEvents _log;
    private readonly MeterListener _meters = new();
    private int _leasesLost;

    private WebApp(WebApplication app, LogEvents log)
    {
        _app = app;
        _log = log;
        _meters.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Name == "lovage.lease.lost")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meters.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _leasesLost, (int)value));
        _meters.Start();
    }

    internal HttpClient Client { get; } = new();

    internal IReadOnlyCollection<(int Id, string Text)> Log => _log.Lines;

    internal int LeasesLost => Volatile.Read(ref _leasesLost);

    internal static async Task<WebApp> StartAsync(string storage, int concurrency, JobDefinition job)
    {
        var log = new LogEvents();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(log);
        builder.AddLovage().UseStorage(storage).AddJob(job).AddWorker(worker =>
        {
            worker.Concurrency = concurrency;
            worker.Lease = Lease;
            worker.SweepInterval = TimeSpan.FromMilliseconds(200);
            worker.PollInterval = TimeSpan.FromMilliseconds(200);
            worker.DrainTime = TimeSpan.FromSeconds(1);
            worker.CancelTime = TimeSpan.FromSeconds(1);
        });
        var app = builder.Build();
        app.MapGet("/", static async () =>
        {
            await Task.Yield();
            return "ok";
        });
        app.MapHealthChecks(
            "/ready", new HealthCheckOptions { Predicate = static check => check.Tags.Contains("ready") });
        await app.StartAsync(TestContext.Current.CancellationToken);
        var web = new WebApp(app, log);
        web.Client.BaseAddress = new Uri(app.Urls.Single());
        return web;
    }

    internal async Task<RequestLatencies> MeasureAsync(TimeSpan span)
    {
        var latencies = new ConcurrentQueue<TimeSpan>();
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            while (Stopwatch.GetElapsedTime(start) < span)
            {
                var sent = Stopwatch.GetTimestamp();
                Assert.Equal(
                    "ok",
                    await Client.GetStringAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken));
                latencies.Enqueue(Stopwatch.GetElapsedTime(sent));

                // As people come, not as a load test does: the processors are not what is measured.
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }
        }));
        TimeSpan[] sorted = [.. latencies.Order()];
        return new RequestLatencies(
            sorted.Length, sorted[sorted.Length / 2], sorted[(int)(sorted.Length * 0.99)], sorted[^1]);
    }

    /// <summary>Asks the check itself: the service that runs all of them needs the thread pool.</summary>
    internal HealthCheckResult PoolHealth() => Check("Lovage.ThreadPool");

    /// <summary>How long ago the worker's leases were renewed.</summary>
    internal TimeSpan RenewalAge()
    {
        var worker = Check("Lovage.Worker");
        Assert.Equal(HealthStatus.Healthy, worker.Status);
        return TimeSpan.FromSeconds((double)worker.Data["renewal_age_seconds"]);
    }

    /// <summary>Waits without the thread pool.</summary>
    internal string WaitForLog(int id, TimeSpan limit)
    {
        WaitUntil(() => Log.Any(line => line.Id == id), limit);
        return Log.First(line => line.Id == id).Text;
    }

    /// <inheritdoc cref="WaitForLog"/>
    internal void WaitUntil(Func<bool> condition, TimeSpan limit)
    {
        var start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(
                Stopwatch.GetElapsedTime(start) < limit,
                $"Not within {limit.TotalSeconds:0} s. {string.Join('\n', Log.TakeLast(10))}");
            _log.Came.WaitOne(TimeSpan.FromMilliseconds(50));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        Client.Dispose();
        _meters.Dispose();
        _log.Dispose();
    }

    private HealthCheckResult Check(string name)
    {
        var registration = _app.Services.GetRequiredService<IOptions<HealthCheckServiceOptions>>()
            .Value.Registrations
            .Single(check => check.Name == name);
        var task = registration.Factory(_app.Services)
            .CheckHealthAsync(new HealthCheckContext { Registration = registration }, CancellationToken.None);
        Assert.True(task.IsCompletedSuccessfully, "The check needs the thread pool.");
        return task.GetAwaiter().GetResult();
    }

    private sealed class LogEvents : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<(int Id, string Text)> _lines = new();

        internal IReadOnlyCollection<(int Id, string Text)> Lines => _lines;

        internal AutoResetEvent Came { get; } = new(initialState: false);

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                _lines.Enqueue((eventId.Id, formatter(state, exception)));
                Came.Set();
            }
        }

        public void Dispose() => Came.Dispose();
    }
}
