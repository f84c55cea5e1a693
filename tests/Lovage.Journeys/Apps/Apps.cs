using Lovage.PostgreSql.Tests;
using Lovage.Quickstart.Tests.Endpoints;
using Xunit;

namespace Lovage.Journeys.Apps;

/// <summary>The Quickstart in Development, whose console is open to this machine.</summary>
public abstract class ConsoleApp(string? storage) : QuickstartProcess(
    storage, "--environment", "Development", "--Lovage:Worker:Concurrency", "8")
{
    internal Uri Console => new(Http.BaseAddress!, "/lovage/");
}

/// <summary>The Quickstart on a SQLite file of its own.</summary>
public sealed class SqliteApp() : ConsoleApp(null);

/// <summary>The Quickstart on a schema of a server of this run's own.</summary>
public sealed class PostgreSqlApp(string storage) : ConsoleApp(storage);

/// <summary>Starts one app for the tests of a class.</summary>
public abstract class AppFixture : IAsyncLifetime
{
    internal ConsoleApp App { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        App = await MakeAsync();
        await App.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (App is not null)
        {
            await App.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    private protected abstract Task<ConsoleApp> MakeAsync();
}

/// <summary>On SQLite.</summary>
public sealed class SqliteFixture : AppFixture
{
    private protected override Task<ConsoleApp> MakeAsync() => Task.FromResult<ConsoleApp>(new SqliteApp());
}

/// <summary>On PostgreSQL; the tests are skipped where it is not installed.</summary>
public sealed class PostgreSqlFixture : AppFixture
{
    private protected override async Task<ConsoleApp> MakeAsync()
    {
        var server = await PostgreSqlServer.GetAsync();
        return new PostgreSqlApp($"postgres://lovage@127.0.0.1:{server.Port}/postgres");
    }
}
