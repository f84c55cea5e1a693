using System.Data.Common;
using Lovage.PostgreSql.Schema;
using Npgsql;

namespace Lovage.PostgreSql.Connections;

/// <summary>
/// The connections of one process: a few for calls, one for renewals, which must not queue behind those, and one that listens. Their statements are prepared at their
/// second use and planned once, where no pooler forbids it.
/// </summary>
internal sealed class Database : IAsyncDisposable
{
    /// <summary>Calls at the same time; more wait.</summary>
    private const int CallsMax = 8;

    /// <summary>Of each connection, each way: batches are large, and each filled buffer wakes the other side.</summary>
    private const int BufferBytes = 65_536;

    private const int TriesMax = 5;
    private const int CommandSeconds = 20;
    private const int RenewalSeconds = 5;
    private const int ConnectSeconds = 5;

    // All statements find their rows by an index, whatever the statistics of tables that fill and empty within seconds say.
    private const string Initialize =
        "SET enable_seqscan = off; SET enable_mergejoin = off; SET jit = off; SET plan_cache_mode = force_generic_plan; SET idle_in_transaction_session_timeout = '10s'; SET lock_timeout = '10s'";

    private readonly NpgsqlConnectionStringBuilder _settings;
    private readonly Words _words;
    private readonly Lock _renewal = new();
    private NpgsqlDataSource? _calls;
    private NpgsqlDataSource? _renewals;
    private NpgsqlDataSource? _listening;

    internal Database(string connectionString, SchemaName schema)
    {
        _settings = new NpgsqlConnectionStringBuilder(connectionString);
        var given = new DbConnectionStringBuilder { ConnectionString = _settings.ConnectionString };
        _settings.Timeout = given.ContainsKey("Timeout") ? _settings.Timeout : ConnectSeconds;
        _settings.CommandTimeout = given.ContainsKey("Command Timeout") ? _settings.CommandTimeout : CommandSeconds;
        _settings.Enlist = false;
        Schema = schema;
        _words = new Words(schema);
        Description = $"postgres://{_settings.Host}{(_settings.Host!.Contains(',', StringComparison.Ordinal) ? "" : $":{_settings.Port}")}/{_settings.Database} (schema {schema.Name})";
    }

    internal SchemaName Schema { get; }

    internal Words Words => _words;

    /// <summary>Without credentials.</summary>
    internal string Description { get; }

    /// <summary>True when sessions are the server's own; false where a pooler stands between, which may give each transaction another one.</summary>
    internal bool IsDirect { get; private set; }

    /// <summary>Connects, and finds out what stands between.</summary>
    internal async Task<Version> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var source = Source("lovage", 1, prepares: false, initializes: false);
            await using var connection = await source.OpenConnectionAsync(cancellationToken);

            // A pooler makes up the number of the session that it tells its client.
            IsDirect = await connection.ScalarAsync<int>(new Statement("SELECT pg_backend_pid()"), cancellationToken) == connection.ProcessID;
            if (await connection.ScalarAsync<string>(new Statement("SELECT current_setting('server_encoding')"), cancellationToken) is var encoding and not "UTF8")
            {
                throw new StorageException($"The database of {Description} has the encoding {encoding}, in which not every text can be kept. Create one with: createdb -E UTF8 -T template0 NAME", isTransient: false);
            }

            var version = connection.PostgreSqlVersion;
            _calls ??= Source("lovage", CallsMax, IsDirect, IsDirect);
            _renewals ??= Source("lovage renewals", 1, IsDirect, IsDirect);
            _listening ??= Source("lovage hints", 1, prepares: false, initializes: false);
            return version;
        }
        catch (Exception fault) when (StorageFault.IsFault(fault))
        {
            throw StorageFault.From(fault, Description);
        }
    }

    /// <summary>Makes one call on a connection of its own. What the server undid because of others is done again.</summary>
    /// <remarks>The token ends the wait for a connection and reading; writing goes on, so that nothing that was claimed is forgotten.</remarks>
    internal async ValueTask<T> CallAsync<T>(Func<NpgsqlConnection, Task<T>> call, CancellationToken cancellationToken)
    {
        for (var turn = 1; ; turn++)
        {
            try
            {
                await using var connection = await Calls.OpenConnectionAsync(cancellationToken);
                return await call(connection);
            }
            catch (Exception fault) when (StorageFault.IsUndone(fault) && turn < TriesMax)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
            catch (Exception fault) when (StorageFault.IsFault(fault))
            {
                throw Lost(fault);
            }
        }
    }

    /// <summary>Makes several calls in one transaction.</summary>
    internal ValueTask<T> TransactAsync<T>(Func<NpgsqlConnection, Task<T>> call, CancellationToken cancellationToken) => CallAsync(
        async connection =>
        {
            await using var transaction = await connection.BeginTransactionAsync(CancellationToken.None);
            var result = await call(connection);
            await transaction.CommitAsync(CancellationToken.None);
            return result;
        },
        cancellationToken);

    /// <summary>Makes one short call on the calling thread, which needs no other to be answered: a starved thread pool must not cost a lease.</summary>
    internal T Renew<T>(Func<NpgsqlConnection, T> call)
    {
        try
        {
            lock (_renewal)
            {
                using var connection = (_renewals ?? throw NotOpen()).OpenConnection();
                return call(connection);
            }
        }
        catch (Exception fault) when (StorageFault.IsFault(fault))
        {
            throw Lost(fault);
        }
    }

    /// <summary>The connection that listens; whoever takes it gives it back.</summary>
    internal ValueTask<NpgsqlConnection> ListenAsync(CancellationToken cancellationToken) => (_listening ?? throw NotOpen()).OpenConnectionAsync(cancellationToken);

    /// <summary>Drops what is known of the server, idle connections included: it may be another one from now on.</summary>
    internal void Forget()
    {
        _words.Forget();
        _calls?.Clear();
        _renewals?.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var source in new[] { _listening, _renewals, _calls }.OfType<NpgsqlDataSource>())
        {
            await source.DisposeAsync();
        }
    }

    private NpgsqlDataSource Calls => _calls ?? throw NotOpen();

    private StorageException Lost(Exception fault)
    {
        if (StorageFault.IsBroken(fault))
        {
            _words.Forget();
        }

        return StorageFault.From(fault, Description);
    }

    private NpgsqlDataSource Source(string name, int size, bool prepares, bool initializes)
    {
        var settings = new NpgsqlConnectionStringBuilder(_settings.ConnectionString)
        {
            MaxPoolSize = size,
            MinPoolSize = 0,
            NoResetOnClose = true,
            MaxAutoPrepare = prepares ? 100 : 0,
            AutoPrepareMinUsages = 2,
            KeepAlive = 0,
            ReadBufferSize = BufferBytes,
            WriteBufferSize = BufferBytes,
        };
        settings.ApplicationName = string.IsNullOrEmpty(_settings.ApplicationName) ? name : _settings.ApplicationName;
        settings.CommandTimeout = name == "lovage renewals" ? Math.Min(RenewalSeconds, settings.CommandTimeout) : settings.CommandTimeout;
        var builder = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString);
        builder.EnableArrays();
        builder.EnableTransportSecurity();
        if (initializes)
        {
            builder.UsePhysicalConnectionInitializer(
                static connection =>
                {
                    using var command = new NpgsqlCommand(Initialize, connection);
                    command.ExecuteNonQuery();
                },
                static async connection =>
                {
                    await using var command = new NpgsqlCommand(Initialize, connection);
                    await command.ExecuteNonQueryAsync();
                });
        }

        return builder.Build();
    }

    private StorageException NotOpen() => new($"The storage {Description} was not opened.", isTransient: false);
}
