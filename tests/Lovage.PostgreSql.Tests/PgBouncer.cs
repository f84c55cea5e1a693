using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Npgsql;
using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <summary>When a pooler gives a server's session to another client.</summary>
public enum PoolMode
{
    /// <summary>After each transaction.</summary>
    Transaction = 0,

    /// <summary>When the client has gone.</summary>
    Session = 1,

    /// <summary>After each statement, so that there are no transactions of several.</summary>
    Statement = 2,
}

/// <summary>
/// A PgBouncer of this run's own before a server: a folder and a free port of the loopback, without sockets. It ends
/// with the process, and can be killed and started again on the same port.
/// </summary>
[SuppressMessage("Usage", "CA2213", Justification = "Its process is disposed of when it ends, by Stop at the latest.")]
public sealed class PgBouncer : IAsyncDisposable
{
    /// <summary>
    /// Sessions with the server; fewer than tests have connections, so that they are truly swapped, and more than they
    /// have open transactions.
    /// </summary>
    internal const int PoolSize = 12;

    // As the server's: it ends, and its folder goes, when the pipe is closed; a word on the pipe ends it and leaves the
    // folder.
    private const string Keeper = """
        folder=$1; shift
        "$@" &
        read -r word
        kill -KILL $!
        wait
        [ -n "$word" ] || rm -rf "$folder"
        """;

    private static readonly Lazy<Task<PgBouncer>> Shared = new(
        static async () => await CreateAsync(await PostgreSqlServer.GetAsync(), PoolMode.Transaction));

    private readonly string _folder;
    private readonly EventHandler _stop;
    private Process? _process;

    private PgBouncer(string folder, int port)
    {
        _folder = folder;
        Port = port;
        _stop = (_, _) => Stop();
        AppDomain.CurrentDomain.ProcessExit += _stop;
    }

    public int Port { get; }

    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username=lovage;Database=postgres";

    /// <summary>
    /// The one in transaction mode before the server of all tests; a test is skipped where either is not installed.
    /// </summary>
    public static async Task<PgBouncer> GetAsync()
    {
        SkipUnlessInstalled();
        _ = await PostgreSqlServer.GetAsync();
        return await Shared.Value;
    }

    /// <summary>Makes one and starts it; a test is skipped where it is not installed.</summary>
    public static async Task<PgBouncer> CreateAsync(PostgreSqlServer server, PoolMode mode)
    {
        ArgumentNullException.ThrowIfNull(server);
        SkipUnlessInstalled();
        var bouncer = new PgBouncer(
            Directory.CreateTempSubdirectory("lovage-pgbouncer-").FullName, PostgreSqlServer.FreePort());
        await File.WriteAllTextAsync(bouncer.Users, "\"lovage\" \"\"\n");
        await File.WriteAllTextAsync(
            bouncer.Settings,
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                [databases]
                * = host=127.0.0.1 port={server.Port}

                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = {bouncer.Port}
                unix_socket_dir =
                auth_type = trust
                auth_file = {bouncer.Users}
                pool_mode = {mode.ToString().ToLowerInvariant()}
                default_pool_size = {PoolSize}
                max_client_conn = 500

                """));
        if (Environment.UserName == "root")
        {
            // As PostgreSQL it refuses to run as root.
            await PostgreSqlServer.RunAsync("chown", "-R", PostgreSqlServer.User().Name, bouncer._folder);
        }

        await bouncer.StartAsync();
        return bouncer;
    }

    /// <summary>Kills it: all its clients and all its sessions with the server lose their connections.</summary>
    public async Task KillAsync()
    {
        var process = _process ?? throw new InvalidOperationException("The pooler does not run.");
        await process.StandardInput.WriteLineAsync("Kill");
        await process.WaitForExitAsync();
        process.Dispose();
        _process = null;
    }

    /// <summary>Starts it on the port that it had before; returns once it answers.</summary>
    public async Task StartAsync()
    {
        _process = PostgreSqlServer.Launch(
            [.. PostgreSqlServer.AsUser(), "sh", "-c", Keeper, "keeper", _folder, Binary()!, "--quiet", Settings]);
        var said = new List<string?>();
        _process.ErrorDataReceived += (_, line) => said.Add(line.Data);
        _process.OutputDataReceived += static (_, _) => { };
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection($"{ConnectionString};Pooling=false");
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException fault)
                when (_process.HasExited || TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromSeconds(60))
            {
                throw new InvalidOperationException($"PgBouncer did not start: {string.Join('\n', said)}", fault);
            }
            catch (NpgsqlException)
            {
                // It says by nothing but its port that it is there.
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= _stop;
        Stop();
        return ValueTask.CompletedTask;
    }

    private string Settings => Path.Combine(_folder, "pgbouncer.ini");

    private string Users => Path.Combine(_folder, "users.txt");

    private void Stop()
    {
        if (_process is not null)
        {
            _process.StandardInput.Close();
            _process.WaitForExit(10_000);
            _process.Dispose();
            _process = null;
        }
        else
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static void SkipUnlessInstalled() =>
        Assert.SkipWhen(
            Binary() is null, "PgBouncer is not installed: there is no pgbouncer on the PATH, nor in /usr/sbin.");

    private static string? Binary() => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Append("/usr/sbin")
        .Select(static folder => Path.Combine(folder, "pgbouncer"))
        .FirstOrDefault(File.Exists);
}
