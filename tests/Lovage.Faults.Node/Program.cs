using System.Diagnostics;
using System.Globalization;
using Lovage;
using Lovage.Faults.Node;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// A process for the fault tests to kill: a worker, or a producer when it is told how many jobs to enqueue. Lovage's own
// settings come by --Lovage:..., as in any app.
EndWithParent();
var builder = Host.CreateApplicationBuilder(args);
var settings = builder.Configuration;
if (settings["pool"] is { } pool)
{
    var threads = int.Parse(pool, CultureInfo.InvariantCulture);
    ThreadPool.SetMinThreads(threads, threads);
    ThreadPool.SetMaxThreads(threads, threads);
}

builder.Logging.ClearProviders();
builder.Services.AddSingleton<ILoggerProvider>(new EventFile(settings["events"]!));
builder.Services.AddSingleton(new Journal(settings["journal"]!));
builder.Services.AddSingleton<Producer>();
builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMinutes(1));
var lovage = builder.AddLovage().AddJobs();
var produce = settings.GetValue<int>("produce");
if (produce == 0)
{
    lovage.AddWorker();
}

using var host = builder.Build();
if (produce == 0)
{
    await host.RunAsync();
}
else
{
    await host.StartAsync();
    await host.Services.GetRequiredService<Producer>().EnqueueAsync(
        Enumerable.Range(0, produce).Select(static i => (Job)FaultJobs.Work(i % 3)),
        settings.GetValue("batch", 100),
        CancellationToken.None);
    await host.StopAsync();
}

// The process that started this one holds the other end of its input. When that process goes, even by a kill, this
// process must end.
static void EndWithParent() => new Thread(static () =>
{
    using var input = Console.OpenStandardInput();
    while (input.ReadByte() >= 0)
    {
    }

    using var self = Process.GetCurrentProcess();
    self.Kill();
})
{
    IsBackground = true,
    Name = "parent",
}.Start();
