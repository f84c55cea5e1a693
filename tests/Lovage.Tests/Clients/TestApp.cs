using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Lovage.Tests.Clients;

/// <summary>An app on the memory storage with a clock to move by hand.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    private TestApp(IHost host, TestClock time)
    {
        Host = host;
        Time = time;
    }

    public IHost Host { get; }

    public TestClock Time { get; }

    public JobClient Jobs => Host.Services.GetRequiredService<JobClient>();

    public JobInspector Inspector => Host.Services.GetRequiredService<JobInspector>();

    public static async Task<TestApp> StartAsync(
        Action<LovageBuilder>? set = null, params (string Key, string Value)[] settings)
    {
        var time = new TestClock();
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(
            new HostApplicationBuilderSettings { EnvironmentName = "Development" });
        builder.Configuration.AddInMemoryCollection(
            settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))
                .Append(KeyValuePair.Create("Lovage:Storage", (string?)"memory:"))
                .DistinctBy(setting => setting.Key));
        var lovage = builder.AddLovage().UseTime(time);
        set?.Invoke(lovage);
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new TestApp(host, time);
    }

    public async ValueTask DisposeAsync()
    {
        await Host.StopAsync(CancellationToken.None);
        await ((IAsyncDisposable)Host).DisposeAsync();
    }
}
