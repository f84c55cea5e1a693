using System.Data.Common;
using Lovage.PostgreSql.Commands;
using Lovage.PostgreSql.Schema;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Connections;

/// <summary>
/// The connections of one process: a few for calls, one for renewals, which must not queue behind those, and one that
/// listens.
/// </summary>
/// <remarks>
/// Statements are prepared at their second use and planned once. Behind a pooler they are not. Safe for use by several
/// threads.
/// </remarks>
internal sealed class Database : IAsyncDisposable
{
    /// <summary>Of each connection, each way: batches are large, and each filled buffer wakes the other side.</summary>
    private const int BufferBytes = 65_536;

    private const int CommandSeconds = 20;
    private const int ConnectSeconds = 5;

    /// <summary>For renewals, signals and questions whether the server is there, all of which are short.</summary>
    private const int ShortCommandSeconds = 4;
    private const int ShortConnectSeconds = 3;

    // All statements find their rows by an index, whatever the statistics of tables that fill and empty within seconds
    // say. The last settings free what a client holds that has gone without a word. It is one statement: Npgsql sends a
    // second one through the thread pool, in calls on the caller's thread too, and a lease must not wait for that.
    private const string Initialize =
        "SELECT pg_postmaster_start_time()::text, count(set_config(name, value, false)) FROM (VALUES "
        + "('enable_seqscan', 'off'), ('enable_mergejoin', 'off'), ('jit', 'off'), ('plan_cache_mode', "
        + "'force_generic_plan'), "
        + "('idle_in_transaction_session_timeout', '10s'), ('lock_timeout', '10s'), ('tcp_keepalives_idle', '10'), "
        + "('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3')) AS settings(name, value)";

    private readonly NpgsqlConnectionStringBuilder _settings;
    private readonly int _callsMax;
    private readonly Words _words;
    private readonly Lock _renewal = new();
    private readonly Lock _lock = new();
    private CallWatch? _watch;
    private NpgsqlDataSource? _probes;
    private NpgsqlDataSource? _calls;
    private NpgsqlDataSource? _renewals;
    private NpgsqlDataSource? _listening;
    private bool _areRenewalsOpen;

    /// <param name="connectionString">As Npgsql has it.</param>
    /// <param name="schema">The schema of the tables.</param>
    /// <param name="callsMax">Calls at the same time; more wait.</param>
    internal Database(string connectionString, SchemaName schema, int callsMax)
    {
        _callsMax = callsMax;
        _settings = new NpgsqlConnectionStringBuilder(connectionString);
        var given = new DbConnectionStringBuilder { ConnectionString = _settings.ConnectionString };
        _settings.Timeout = given.ContainsKey("Timeout") ? _settings.Timeout : ConnectSeconds;
        _settings.CommandTimeout = given.ContainsKey("Command Timeout") ? _settings.CommandTimeout : CommandSeconds;
        _settings.Enlist = false;
        Schema = schema;
        _words = new Words(schema);
        Server = ServerAddress.Of(_settings);
        Description =
            $"postgres://{_settings.Host}"
                + $"{(_settings.Host!.Contains(',', StringComparison.Ordinal) ? "" : $":{_settings.Port}")}/"
                + $"{_settings.Database} (schema {schema.Name})";
    }

    internal SchemaName Schema { get; }

    internal Words Words => _words;

    /// <summary>Without credentials.</summary>
    internal string Description { get; }

    /// <summary>The server; null when it is one of several hosts, of which any may answer.</summary>
    internal StorageServer? Server { get; }

    /// <summary>
    /// True when sessions are the server's own; false behind a pooler, which may give each transaction another one.
    /// </summary>
    internal bool IsDirect { get; private set; }

    /// <summary>
    /// The server has said that a session cannot do what it is for: the session that listens is to be replaced too.
    /// </summary>
    internal event Action? SessionsLeft;

    /// <summary>Connects, and finds out whether a pooler stands between.</summary>
    internal async Task<Version> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var source = Source("lovage", 1, prepares: false, initializes: false, isShort: false);
            await using var connection = await source.OpenConnectionAsync(cancellationToken);

            // A pooler makes up the number of the session that it tells its client. The question stands in a
            // transaction, since a pooler that takes single statements only refuses one.
            await using (var transaction = await connection.BeginTransactionAsync(cancellationToken))
            {
                IsDirect = await connection.ScalarAsync<int>(
                    new Statement("SELECT pg_backend_pid()"), cancellationToken) == connection.ProcessID;
                await transaction.CommitAsync(cancellationToken);
            }

            if (await connection.ScalarAsync<string>(
                new Statement("SELECT current_setting('server_encoding')"),
                cancellationToken) is var encoding and not "UTF8")
            {
                throw new StorageException(
                    $"The database of {Description} has the encoding {encoding}, in which not every text can be kept. "
                        + "Create one with: createdb -E UTF8 -T template0 NAME",
                    isTransient: false);
            }

            var version = connection.PostgreSqlVersion;
            _calls ??= NewCalls();
            _renewals ??= Source("lovage renewals", 1, IsDirect, IsDirect, isShort: true, isKept: true);
            _listening ??= Source("lovage hints", 1, prepares: false, initializes: false, isShort: true);
            _probes ??= Source("lovage probe", 0, prepares: false, initializes: false, isShort: true);
            _watch ??= new CallWatch(_probes, IsDirect);
            return version;
        }
        catch (Exception fault) when (StorageFault.IsFault(fault))
        {
            throw StorageFault.From(fault, Description);
        }
    }

    /// <summary>
    /// Makes one call on a connection of its own, and again when the server undid it because of others, or with its
    /// session.
    /// </summary>
    /// <remarks>
    /// The token ends the wait for a connection, and reading. Writing goes on, so that no claim is forgotten, unless
    /// the call itself listens to the token.
    /// </remarks>
    internal ValueTask<T> CallAsync<T>(Func<NpgsqlConnection, Task<T>> call, CancellationToken cancellationToken) =>
        CallAsync(call, unheard: null, cancellationToken);

    /// <summary>Makes one call, as above.</summary>
    /// <param name="call">The call.</param>
    /// <param name="unheard">Gets the result of a call that succeeds after its connection was taken for lost, and whose
    /// caller has gone on.</param>
    /// <param name="cancellationToken">Ends the wait for a connection and reading.</param>
    internal async ValueTask<T> CallAsync<T>(
        Func<NpgsqlConnection, Task<T>> call, Func<T, ValueTask>? unheard, CancellationToken cancellationToken)
    {
        for (var turn = 1; ; turn++)
        {
            var calls = Calls;
            Task<T>? running = null;
            try
            {
                var connection = await calls.OpenConnectionAsync(cancellationToken);

                // The call closes it: it may go on after its caller has.
                var session = connection.ProcessID;
                running = RunAsync(connection, call);
                return await _watch!.WaitAsync(running, session);
            }
            catch (CallGivenUpException fault)
            {
                // Its connection keeps its place among the few until the call ends: other calls get new connections.
                Replace(calls);
                _ = EndAsync(running!, unheard, calls);
                ForgetIfBroken(fault, calls);
                throw StorageFault.From(fault, Description);
            }
            catch (Exception fault) when (turn < StorageFault.TriesMax(fault))
            {
                ForgetIfBroken(fault, calls);
                cancellationToken.ThrowIfCancellationRequested();
            }
            catch (ObjectDisposedException) when (running is null && !ReferenceEquals(calls, Calls))
            {
                // Another call has replaced the connections meanwhile.
            }
            catch (Exception fault) when (StorageFault.IsFault(fault))
            {
                ForgetIfBroken(fault, calls);
                throw StorageFault.From(fault, Description);
            }
        }
    }

    /// <summary>Makes several calls in one transaction.</summary>
    internal ValueTask<T> TransactAsync<T>(Func<NpgsqlConnection, Task<T>> call, CancellationToken cancellationToken) =>
        CallAsync(
            async connection =>
            {
                await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
                var result = await call(connection);
                await transaction.CommitAsync(CancellationToken.None);
                return result;
            },
            cancellationToken);

    /// <summary>Makes one short call on the calling thread, which needs no other thread to be answered.</summary>
    /// <remarks>
    /// A starved thread pool must not cost a lease. The call sends one statement at a time, as Npgsql would send a
    /// second one through the pool.
    /// </remarks>
    internal T Renew<T>(Func<NpgsqlConnection, T> call)
    {
        try
        {
            lock (_renewal)
            {
                var renewals = _renewals ?? throw NotOpen();
                try
                {
                    return RenewOnce(renewals, call);
                }
                catch (Exception fault) when (StorageFault.IsFault(fault) && StorageFault.IsBroken(fault))
                {
                    // Most often only the connection was broken, long ago, and a lease does not wait.
                    renewals.Clear();
                    return RenewOnce(renewals, call);
                }
            }
        }
        catch (Exception fault) when (StorageFault.IsFault(fault))
        {
            throw StorageFault.From(fault, Description);
        }
    }

    /// <summary>Opens the connection for renewals, unless it is open: a receiver is about to claim.</summary>
    /// <remarks>
    /// To open it took more than a second while the handlers of the first claim kept the pool and the processors busy.
    /// </remarks>
    internal void PrepareRenewals()
    {
        if (!Volatile.Read(ref _areRenewalsOpen))
        {
            Renew(static connection => connection.ProcessID);
            Volatile.Write(ref _areRenewalsOpen, true);
        }
    }

    /// <summary>The connection that listens; the caller closes it.</summary>
    internal ValueTask<NpgsqlConnection> ListenAsync(CancellationToken cancellationToken) =>
        (_listening ?? throw NotOpen()).OpenConnectionAsync(cancellationToken);

    /// <summary>
    /// Drops what this process knows of the server, idle connections included: it may be another one from now on.
    /// </summary>
    internal void Forget()
    {
        _words.Forget();
        Volatile.Read(ref _calls)?.Clear();
        _renewals?.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var source in new[] { _listening, _renewals, _calls, _probes }.OfType<NpgsqlDataSource>())
        {
            await source.DisposeAsync();
        }
    }

    private NpgsqlDataSource Calls => Volatile.Read(ref _calls) ?? throw NotOpen();

    private static async Task<T> RunAsync<T>(NpgsqlConnection connection, Func<NpgsqlConnection, Task<T>> call)
    {
        await using (connection)
        {
            return await call(connection);
        }
    }

    private static T RenewOnce<T>(NpgsqlDataSource renewals, Func<NpgsqlConnection, T> call)
    {
        using var connection = renewals.OpenConnection();
        return call(connection);
    }

    private void ForgetIfBroken(Exception fault, NpgsqlDataSource calls)
    {
        if (StorageFault.IsBroken(fault))
        {
            // The other connections are perhaps as broken, and each would fail a call of its own.
            _words.Forget();
            calls.Clear();
        }

        if (StorageFault.IsOfSession(fault))
        {
            // Sessions that were not broken would stay for ever on a server that may no longer be the one that writes.
            _renewals?.Clear();
            SessionsLeft?.Invoke();
        }
    }

    private void Replace(NpgsqlDataSource lost)
    {
        lock (_lock)
        {
            if (ReferenceEquals(_calls, lost))
            {
                Volatile.Write(ref _calls, NewCalls());
            }
        }
    }

    /// <summary>Waits for a call whose caller has gone on.</summary>
    private async Task EndAsync<T>(Task<T> call, Func<T, ValueTask>? unheard, NpgsqlDataSource calls)
    {
        try
        {
            var result = await call;
            if (unheard is not null)
            {
                await unheard(result);
            }
        }
        catch (Exception fault)
            when (StorageFault.IsFault(fault) || fault is StorageException or OperationCanceledException)
        {
            // As its caller was told.
        }

        _watch!.Ended();
        await calls.DisposeAsync();
    }

    private NpgsqlDataSource NewCalls() => Source("lovage", _callsMax, IsDirect, IsDirect, isShort: false);

    private NpgsqlDataSource Source(
        string name, int size, bool prepares, bool initializes, bool isShort, bool isKept = false)
    {
        var settings = new NpgsqlConnectionStringBuilder(_settings.ConnectionString)
        {
            Pooling = size > 0,
            MaxPoolSize = Math.Max(size, 1),
            MinPoolSize = isKept ? 1 : 0,
            NoResetOnClose = true,
            MaxAutoPrepare = prepares ? 100 : 0,
            AutoPrepareMinUsages = 2,
            KeepAlive = 0,
            ReadBufferSize = BufferBytes,
            WriteBufferSize = BufferBytes,
        };
        settings.ApplicationName = string.IsNullOrEmpty(_settings.ApplicationName) ? name : _settings.ApplicationName;
        if (isShort)
        {
            settings.CommandTimeout = Shorter(settings.CommandTimeout, ShortCommandSeconds);
            settings.Timeout = Shorter(settings.Timeout, ShortConnectSeconds);

            // A call that took too long has lost its connection, or is made again: an answer to its cancellation is
            // worth no wait.
            settings.CancellationTimeout = -1;
        }

        var builder = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString);
        builder.EnableArrays();
        builder.EnableTransportSecurity();
        if (initializes)
        {
            builder.UsePhysicalConnectionInitializer(
                connection =>
                {
                    using var command = new NpgsqlCommand(Initialize, connection);
                    _words.Meets((string)command.ExecuteScalar()!);
                },
                async connection =>
                {
                    await using var command = new NpgsqlCommand(Initialize, connection);
                    _words.Meets((string)(await command.ExecuteScalarAsync())!);
                });
        }

        return builder.Build();
    }

    /// <summary>The lesser of two limits; zero stands for none.</summary>
    private static int Shorter(int seconds, int bound) => seconds == 0 ? bound : Math.Min(seconds, bound);

    private StorageException NotOpen() => new($"The storage {Description} was not opened.", isTransient: false);
}
