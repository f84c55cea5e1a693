using Lovage.PostgreSql.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(PostgreSqlServer.SharedEnd))]

namespace Lovage.PostgreSql.Tests;

/// <content>The one server of all tests of a process.</content>
public sealed partial class PostgreSqlServer
{
    private static readonly Lazy<Task<PostgreSqlServer>> Shared = new(
        static () => CreateAsync("fsync=off", "shared_buffers=64MB", "max_wal_size=256MB"));

    /// <summary>
    /// The server, started by the first test that asks for it; a test is skipped where there are no programs of
    /// PostgreSQL.
    /// </summary>
    public static Task<PostgreSqlServer> GetAsync()
    {
        Assert.SkipUnless(
            IsInstalled,
            "PostgreSQL's server is not installed: neither on the PATH nor in /usr/lib/postgresql/*/bin are initdb "
                + "and postgres.");
        return Shared.Value;
    }

    /// <summary>Closes what uses the server, before it ends; null for nothing.</summary>
    internal static Func<Task>? BeforeEnd { get; set; }

    /// <summary>
    /// Ends it after the last test: left to the end of the process, it holds that up for so long that the runner
    /// believes threads to be left over.
    /// </summary>
    public sealed class SharedEnd : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            if (BeforeEnd is { } close)
            {
                await close();
            }

            if (Shared is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            {
                await (await Shared.Value).StopAsync();
            }
        }
    }
}
