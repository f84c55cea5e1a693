using Lovage.Protocol;
using Lovage.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Lovage.Testing;

/// <summary>The ways into this library.</summary>
public static class JobHarnessExtensions
{
    /// <summary>What a test asks of an app's jobs. The app should have no worker, or jobs are taken by both.</summary>
    /// <param name="host">The app; it need not be started.</param>
    public static JobHarness Jobs(this IHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        return new JobHarness(host.Services);
    }

    /// <inheritdoc cref="Jobs(IHost)"/>
    /// <param name="services">The app's services, such as those of a WebApplicationFactory.</param>
    public static JobHarness Jobs(this IServiceProvider services)
    {
        ArgumentNullException.ThrowIfNull(services);
        return new JobHarness(services);
    }

    /// <summary>
    /// Runs each job where it is enqueued, before the enqueuing call returns, as a worker would: its arguments go
    /// through JSON, in a scope of its own, with filters, attempts and retries (without their waits), and its outcome
    /// is stored. A job that fails does not throw where it is enqueued; its handle tells. Jobs with a delay or a due
    /// time in the future are kept for <see cref="JobHarness.DrainAsync"/>.
    /// </summary>
    /// <param name="builder">The app's Lovage; it should have no worker.</param>
    public static LovageBuilder UseInlineJobs(this LovageBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Replace(
            ServiceDescriptor.Singleton<EnqueueRoute>(static services => new InlineRoute(services)));
        return builder;
    }

    /// <summary>
    /// Gives the app a SQLite file of its own in a temporary folder, which goes with the app's services: for tests of
    /// code that enqueues or completes in a transaction, which the memory storage does not take.
    /// </summary>
    /// <remarks>The test project references Lovage.Sqlite, as the app does.</remarks>
    /// <param name="builder">The app's Lovage.</param>
    public static LovageBuilder UseTemporarySqlite(this LovageBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var folder = Directory.CreateTempSubdirectory("lovage-test-").FullName;
        builder.Services.AddSingleton<IHostedService>(_ => new TemporaryFolder(folder));
        return builder.UseStorage($"sqlite:{Path.Combine(folder, "lovage.db")}");
    }

    /// <summary>Removes a folder once the container has disposed everything that was made after it.</summary>
    private sealed class TemporaryFolder(string path) : IHostedService, IDisposable
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
            try
            {
                Directory.Delete(path, recursive: true);
            }
            catch (IOException)
            {
                // A file is still open, as Windows minds. The system empties its temporary folder.
            }
        }
    }

    /// <summary>Stores as usual, then runs what is ready.</summary>
    private sealed class InlineRoute(IServiceProvider services) : EnqueueRoute, IAsyncDisposable
    {
        private readonly PublishBatcher _storage = new(
            services.GetRequiredService<StorageGate>(),
            services.GetRequiredService<ClientSettings>(),
            services.GetRequiredService<TimeProvider>());

        internal override async ValueTask<PublishResult> PublishAsync(
            JobMessage message, CancellationToken cancellationToken)
        {
            var result = await _storage.PublishAsync(message, cancellationToken);
            await new DeliveryRunner(services).RunReadyAsync([message.Queue], withRetryWaits: false, cancellationToken);
            return result;
        }

        internal override async ValueTask<IReadOnlyList<PublishResult>> PublishAsync(
            IReadOnlyList<JobMessage> batch, CancellationToken cancellationToken)
        {
            var results = await _storage.PublishAsync(batch, cancellationToken);
            await new DeliveryRunner(services).RunReadyAsync(
                [.. batch.Select(static message => message.Queue).Distinct()],
                withRetryWaits: false,
                cancellationToken);
            return results;
        }

        public ValueTask DisposeAsync() => _storage.DisposeAsync();
    }
}
