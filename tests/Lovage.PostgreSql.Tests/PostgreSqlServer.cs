using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Lovage.PostgreSql.Tests;

/// <summary>How a server is ended.</summary>
public enum ServerEnd
{
    /// <summary>All its processes at once, by SIGKILL: as if the host's memory had run out.</summary>
    Kill = 0,

    /// <summary>SIGQUIT: it drops its clients and leaves its files as they are.</summary>
    Immediate = 1,
}

/// <summary>
/// A server of this run's own: a fresh cluster in a temporary folder on a free port of the loopback, without sockets.
/// It ends with the process, and can be killed and started again on what it left.
/// </summary>
/// <remarks>
/// Without flushing (<c>fsync=off</c>) a commit is in the system's memory when it is answered, which outlives a kill of
/// the server. Pages are written in full to the log all the same, since a kill may cut a page in two.
/// </remarks>
public sealed partial class PostgreSqlServer
{
    /// <summary>Debian's user without rights, for a server that root may not run.</summary>
    private const string Unprivileged = "no" + "body";

    // It ends, and its folder goes, when this process closes the pipe: by itself or, if it is killed, by the system. A
    // word on the pipe ends it and leaves the folder.
    private const string Keeper = """
        folder=$1; shift
        "$@" &
        read -r word
        case "$word" in
          Kill)
            others=$(ps -o pid= --ppid $!)
            kill -KILL $! $others
            wait
            tries=0
            while kill -0 $others 2>/dev/null && [ $tries -lt 20 ]; do sleep 0.05; tries=$((tries + 1)); done ;;
          Immediate) kill -QUIT $!; wait ;;
          *) kill -QUIT $!; wait; rm -rf "$folder" ;;
        esac
        """;

    private readonly string _folder;
    private readonly string[] _settings;
    private Process? _process;

    private PostgreSqlServer(string folder, int port, string[] settings)
    {
        _folder = folder;
        _settings = settings;
        Port = port;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Stop();
    }

    public int Port { get; }

    /// <summary>Of a database with nothing in it but schemas of tests.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username=lovage;Database=postgres";

    /// <summary>True where the programs of PostgreSQL are.</summary>
    public static bool IsInstalled => Binaries() is not null;

    /// <summary>Makes a server and starts it.</summary>
    /// <param name="settings">What it is set to, such as <c>fsync=off</c>.</param>
    public static async Task<PostgreSqlServer> CreateAsync(params string[] settings)
    {
        var server = new PostgreSqlServer(
            Directory.CreateTempSubdirectory("lovage-postgres-").FullName, FreePort(), settings);
        Directory.CreateDirectory(server.Data);
        if (Environment.UserName == "root")
        {
            // The server refuses to run as root; Debian's package has brought a user of its own.
            await RunAsync("chown", "-R", User().Name, server._folder);
        }

        await RunAsync([
            .. AsUser(),
            Path.Combine(Binaries()!, "initdb"),
            "--pgdata",
            server.Data,
            "--username",
            "lovage",
            "--auth",
            "trust",
            "--encoding",
            "UTF8",
            "--locale",
            "C",
            "--no-sync",
        ]);
        await server.StartAsync();
        return server;
    }

    /// <summary>Runs SQL as the owner of the server.</summary>
    [SuppressMessage("Security", "CA2100", Justification = "The SQL of tests is their own.")]
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first column of the first row.</summary>
    [SuppressMessage("Security", "CA2100", Justification = "The SQL of tests is their own.")]
    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Ends the server without letting it write anything more.</summary>
    public async Task EndAsync(ServerEnd how)
    {
        var process = _process ?? throw new InvalidOperationException("The server does not run.");
        await process.StandardInput.WriteLineAsync(how.ToString());
        await process.WaitForExitAsync();
        process.Dispose();
        _process = null;

        // Connections of this process to the one before are of no use any more.
        NpgsqlConnection.ClearAllPools();
    }

    /// <summary>
    /// Ends the server and removes its folder, as the end of the process does for one that still runs.
    /// </summary>
    public async Task StopAsync()
    {
        if (_process is { } process)
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            process.Dispose();
            _process = null;
        }

        Stop();
    }

    /// <summary>Starts it on the folder and the port that it had before; returns once it answers.</summary>
    public async Task StartAsync()
    {
        string[] settings =
        [
            $"port={Port}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=300",
            "log_min_messages=warning",
            .. _settings,
        ];
        _process = Launch([
            .. AsUser(),
            "sh",
            "-c",
            Keeper,
            "keeper",
            _folder,
            Path.Combine(Binaries()!, "postgres"),
            "-D",
            Data,
            .. settings.SelectMany(static setting => new[] { "-c", setting }),
        ]);
        _process.ErrorDataReceived += static (_, _) => { };
        _process.OutputDataReceived += static (_, _) => { };
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        await WaitAsync();
    }

    private string Data => Path.Combine(_folder, "data");

    private async Task WaitAsync()
    {
        var start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                await ScalarAsync<int>("SELECT 1");
                return;
            }
            catch (NpgsqlException) when (_process is { HasExited: false }
                && TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(60))
            {
                // A server says by nothing but its port that it is there.
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
        }
    }

    private void Stop()
    {
        if (_process is { } process)
        {
            process.StandardInput.Close();
            process.WaitForExit(10_000);
        }
        else if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    internal static string[] AsUser() => Environment.UserName == "root"
        ? ["setpriv", $"--reuid={User().Name}", $"--regid={User().Group}", "--clear-groups", "--"]
        : [];

    internal static (string Name, string Group) User()
    {
        var users = File.ReadLines("/etc/passwd")
            .Select(static line => line.Split(':'))
            .ToDictionary(static fields => fields[0], static fields => fields[3], StringComparer.Ordinal);
        return users.TryGetValue("postgres", out var group) ? ("postgres", group) : (Unprivileged, users[Unprivileged]);
    }

    private static string? Binaries()
    {
        var packaged = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(static folder => int.TryParse(
                Path.GetFileName(folder),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out var version) ? version : 0).Select(static folder => Path.Combine(folder, "bin"))
            : [];
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(
            Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return packaged.Concat(path).FirstOrDefault(static folder => File.Exists(Path.Combine(folder, "initdb"))
            && File.Exists(Path.Combine(folder, "postgres")));
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    internal static async Task RunAsync(params string[] command)
    {
        using var process = Launch(command);
        var output = await Task.WhenAll(
            process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"{command[0]} ended with {process.ExitCode}: {string.Join('\n', output)}");
        }
    }

    internal static Process Launch(string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["LC_ALL"] = "C";
        return Process.Start(start)!;
    }
}
