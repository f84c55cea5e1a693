using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Lovage.Bench;

/// <summary>
/// Measures what an after-response task costs its request. The same endpoint runs in turns with a no-op task, without
/// one, and in an app without Lovage, over keep-alive connections of the same process. Each task counts where it ran.
/// </summary>
internal static class AfterResponseScenario
{
    private const int Connections = 64;
    private const int RoundsMin = 9;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(6);

    /// <summary>
    /// Rounds are short and many: the machine's speed changes from second to second, and within a round it is nearly
    /// the same for all sides.
    /// </summary>
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(100);

    private static readonly StrongBox<long> Ran = new();

    internal static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        await using var with = await StartAsync(lovage: true);
        await using var without = await StartAsync(lovage: false);
        using var task = new Side(with, "/task");
        using var plain = new Side(with, "/plain");
        using var bare = new Side(without, "/plain");
        Side[] sides = [task, plain, bare];
        var rounds = Math.Max(RoundsMin, (int)(options.Seconds / (Turn.TotalSeconds * sides.Length)));
        for (var warm = Stopwatch.StartNew(); warm.Elapsed < WarmUp;)
        {
            foreach (var side in sides)
            {
                await side.MeasureAsync(record: false);
            }
        }

        Interlocked.Exchange(ref Ran.Value, 0);
        for (var round = 0; round < rounds; round++)
        {
            // Each round begins with another side: the first one after a pause is at a disadvantage.
            for (var i = 0; i < sides.Length; i++)
            {
                await sides[(round + i) % sides.Length].MeasureAsync(record: true);
            }
        }

        for (var wait = Stopwatch.StartNew();
            Interlocked.Read(ref Ran.Value) < task.Requests && wait.Elapsed < TimeSpan.FromSeconds(10);)
        {
            await Task.Delay(10);
        }

        var ran = Interlocked.Read(ref Ran.Value);
        return ran != task.Requests
            ? throw new InvalidOperationException($"{task.Requests} tasks were added and {ran} ran.")
            : new BenchResult("after-response", "memory", ran, DrainScenario.Median(task.Rates))
                .Add("plain_per_second", DrainScenario.Median(plain.Rates))
                .Add("bare_per_second", DrainScenario.Median(bare.Rates))
                .Add("percent_of_plain", 100 * Ratio(task, plain))
                .Add("percent_of_bare", 100 * Ratio(task, bare))
                .Add("processor_us_per_request", task.MicrosecondsPerRequest)
                .Add("processor_us_per_plain_request", plain.MicrosecondsPerRequest)
                .Add("bytes_per_request", task.BytesPerRequest)
                .Add("bytes_per_plain_request", plain.BytesPerRequest)
                .Add("bytes_per_bare_request", bare.BytesPerRequest)
                .Add("bytes_per_task", task.BytesPerRequest - plain.BytesPerRequest)
                .Add("connections", Connections)
                .Add("rounds", rounds)
                .Add("percent_of_plain_quarter", 100 * Quarter(task, plain, 0.25))
                .Add("percent_of_plain_three_quarters", 100 * Quarter(task, plain, 0.75));
    }

    /// <summary>
    /// The median of the ratios within each round, so that a slow moment of the machine counts on both sides.
    /// </summary>
    private static double Ratio(Side side, Side other) =>
        DrainScenario.Median([.. side.Rates.Zip(other.Rates, static (a, b) => a / b)]);

    /// <summary>A quantile of the ratios within each round: how far they spread.</summary>
    private static double Quarter(Side side, Side other, double quantile)
    {
        var ratios = side.Rates.Zip(other.Rates, static (a, b) => a / b).Order().ToArray();
        return ratios[(int)(quantile * (ratios.Length - 1))];
    }

    private static async Task<WebApplication> StartAsync(bool lovage)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        if (lovage)
        {
            builder.AddLovage(static options => options.Local.AfterResponseMax = 1_000_000).UseStorage("memory:");
        }

        var app = builder.Build();
        app.MapGet("/plain", static () => "ok");
        if (lovage)
        {
            app.MapGet("/task", static (BackgroundTasks background) =>
            {
                background.Add("noop", static () => Interlocked.Increment(ref Ran.Value));
                return "ok";
            });
        }

        await app.StartAsync();
        return app;
    }

    private sealed class Side(WebApplication app, string path) : IDisposable
    {
        private readonly IPEndPoint _address = new(IPAddress.Loopback, new Uri(app.Urls.Single()).Port);
        private readonly Socket?[] _sockets = new Socket?[Connections];
        private readonly byte[] _request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n");
        private readonly List<double> _bytes = [];
        private readonly List<double> _microseconds = [];

        internal List<double> Rates { get; } = [];

        internal long Requests { get; private set; }

        internal double BytesPerRequest => DrainScenario.Median(_bytes);

        /// <summary>Of processor time, the client's share included.</summary>
        internal double MicrosecondsPerRequest => DrainScenario.Median(_microseconds);

        internal async Task MeasureAsync(bool record)
        {
            var allocated = GC.GetTotalAllocatedBytes();
            var worked = Environment.CpuUsage.TotalTime;
            var clock = Stopwatch.StartNew();
            var counts = await Task.WhenAll(
                Enumerable.Range(0, Connections).Select(i => Task.Run(() => LoopAsync(i, clock))));
            var seconds = clock.Elapsed.TotalSeconds;
            var requests = counts.Sum();
            if (record)
            {
                Requests += requests;
                Rates.Add(requests / seconds);
                _microseconds.Add((Environment.CpuUsage.TotalTime - worked).TotalMicroseconds / requests);
                _bytes.Add((GC.GetTotalAllocatedBytes() - allocated) / (double)requests);
            }
        }

        public void Dispose()
        {
            foreach (var socket in _sockets)
            {
                socket?.Dispose();
            }
        }

        private async Task<long> LoopAsync(int connection, Stopwatch clock)
        {
            if (_sockets[connection] is not { } socket)
            {
                _sockets[connection] = socket =
                    new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(_address);
            }

            var answer = new byte[1024];
            long requests = 0;
            while (clock.Elapsed < Turn)
            {
                await socket.SendAsync(_request);
                for (var length = 0; ;)
                {
                    var read = await socket.ReceiveAsync(answer.AsMemory(length));
                    length += read;
                    if (read == 0 || !answer.AsSpan(0, length).StartsWith("HTTP/1.1 200"u8))
                    {
                        throw new InvalidOperationException(
                            $"The answer is no 200: {Encoding.ASCII.GetString(answer, 0, length)}");
                    }

                    // The text of an endpoint goes out in chunks, the last of which is empty.
                    if (answer.AsSpan(0, length).EndsWith("0\r\n\r\n"u8))
                    {
                        break;
                    }
                }

                requests++;
            }

            return requests;
        }
    }
}
