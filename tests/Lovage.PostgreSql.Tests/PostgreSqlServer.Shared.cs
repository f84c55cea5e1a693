using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <content>The one server of all tests of a process.</content>
public sealed partial class PostgreSqlServer
{
    private static readonly Lazy<Task<PostgreSqlServer>> Shared = new(static () => CreateAsync("fsync=off", "shared_buffers=64MB", "max_wal_size=256MB"));

    /// <summary>The server, started by the first test that asks for it; a test is skipped where there are no programs of PostgreSQL.</summary>
    public static Task<PostgreSqlServer> GetAsync()
    {
        Assert.SkipUnless(IsInstalled, "PostgreSQL's server is not installed: neither on the PATH nor in /usr/lib/postgresql/*/bin are initdb and postgres.");
        return Shared.Value;
    }
}
