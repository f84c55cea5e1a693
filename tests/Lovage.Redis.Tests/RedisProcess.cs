using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using StackExchange.Redis;
using Xunit;

[assembly: AssemblyFixture(typeof(Lovage.Redis.Tests.RedisProcess.SharedEnd))]

namespace Lovage.Redis.Tests;

/// <summary>
/// A server of this run's own, in a temporary folder on a free port of the loopback. It ends with the process, and can
/// be killed and started again on what it left.
/// </summary>
public sealed class RedisProcess
{
    // It ends, and its folder goes, when this process closes the pipe. A word on the pipe kills it and leaves the
    // folder.
    private const string Keeper = """
        folder=$1; shift
        "$@" &
        read -r word
        kill -KILL $!
        wait
        [ -n "$word" ] || rm -rf "$folder"
        """;

    private static readonly Lazy<Task<RedisProcess>> Shared = new(static () => StartAsync());

    private readonly string _folder;
    private readonly string[] _settings;
    private Process? _process;

    private RedisProcess(string folder, int port, string[] settings) =>
        (_folder, Port, _settings) = (folder, port, settings);

    public int Port { get; }

    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public static bool IsInstalled => Program() is not null;

    /// <summary>The server of all tests; a test is skipped where there is no program of Redis.</summary>
    public static Task<RedisProcess> GetAsync()
    {
        Assert.SkipUnless(IsInstalled, "Redis is not installed: redis-server is not on the PATH.");
        return Shared.Value;
    }

    /// <summary>Makes a server and starts it.</summary>
    /// <param name="settings">Further settings, such as <c>--appendonly yes</c>.</param>
    public static async Task<RedisProcess> StartAsync(params string[] settings)
    {
        var server = new RedisProcess(
            Directory.CreateTempSubdirectory("lovage-redis-").FullName, FreePort(), settings);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts it on the folder and the port that it had before; returns once it answers.</summary>
    public async Task StartAgainAsync()
    {
        var start = new ProcessStartInfo("sh") { RedirectStandardInput = true, RedirectStandardOutput = true };
        string[] arguments =
        [
            "-c", Keeper, "keeper", _folder, Program()!, "--port", Port.ToString(CultureInfo.InvariantCulture),
            "--bind", "127.0.0.1", "--dir", _folder, "--save", "", .. _settings,
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        _process.OutputDataReceived += static (_, _) => { };
        _process.BeginOutputReadLine();
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = await ConnectionMultiplexer.ConnectAsync(Address);
                await connection.GetDatabase().PingAsync();
                return;
            }
            catch (RedisException) when (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30))
            {
                // A server says by nothing but its port that it is there.
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }
    }

    /// <summary>Kills it by SIGKILL.</summary>
    public Task KillAsync() => EndAsync("kill");

    /// <summary>Ends it and removes its folder.</summary>
    public Task StopAsync() => EndAsync(null);

    private async Task EndAsync(string? word)
    {
        if (_process is { } process)
        {
            if (word is not null)
            {
                await process.StandardInput.WriteLineAsync(word);
            }

            process.StandardInput.Close();
            await process.WaitForExitAsync();
            process.Dispose();
            _process = null;
        }
    }

    private static string? Program() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(static folder => Path.Combine(folder, "redis-server"))
        .FirstOrDefault(File.Exists);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Ends the server of all tests after the last one.</summary>
    public sealed class SharedEnd : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            if (Shared is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            {
                await (await Shared.Value).StopAsync();
            }
        }
    }
}
