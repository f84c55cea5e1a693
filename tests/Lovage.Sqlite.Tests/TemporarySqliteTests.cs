using Lovage.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Xunit;

namespace Lovage.Sqlite.Tests;

/// <summary>The file of a test's own that the test kit gives an app.</summary>
public sealed class TemporarySqliteTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task UseTemporarySqlite_CodeThatEnqueuesInATransaction_CanBeTested()
    {
        var runs = 0;
        string file;
        using (var host = await StartAsync(_ =>
        {
            runs++;
            return default;
        }))
        {
            file = host.Services.GetRequiredService<IOptions<LovageOptions>>().Value.Storage!["sqlite:".Length..];
            var jobs = host.Services.GetRequiredService<JobClient>();
            await using (var transaction = await jobs.BeginTransactionAsync(Stop))
            {
                await jobs.EnqueueAsync(Job.Create("mail"), transaction, Stop);
            }

            await host.Jobs().DrainAsync(Stop);
            Assert.Equal(0, runs);
            await using (var transaction = await jobs.BeginTransactionAsync(Stop))
            {
                await jobs.EnqueueAsync(Job.Create("mail"), transaction, Stop);
                await transaction.CommitAsync(Stop);
            }

            await host.Jobs().DrainAsync(Stop);
            Assert.Equal(1, runs);
            Assert.True(File.Exists(file));
            await host.StopAsync(Stop);
        }

        Assert.False(Directory.Exists(Path.GetDirectoryName(file)));
    }

    private static async Task<IHost> StartAsync(Func<Lovage.Generated.JobInvocation, ValueTask> run)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create("Lovage:Storage", (string?)"postgres://x")]);
        builder.AddLovage().UseTemporarySqlite().AddJob(new JobDefinition("mail", run));
        var host = builder.Build();
        await host.StartAsync(Stop);
        return host;
    }
}
