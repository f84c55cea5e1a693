using Lovage.PostgreSql.Commands;
using Npgsql;

namespace Lovage.PostgreSql.Connections;

/// <summary>A call's connection has lost the server; whether the call was carried out is not known.</summary>
internal sealed class CallGivenUpException() : TimeoutException("The connection has lost the server.");

/// <summary>
/// Waits for calls, and tells a connection that has lost its server without a word from a server that is slow.
/// </summary>
/// <remarks>
/// A firewall may have forgotten the connection, or the host may be gone. The watch asks the server in a new connection
/// whether it works for the session. Safe for use by several threads.
/// </remarks>
internal sealed class CallWatch(NpgsqlDataSource probes, bool knowsSessions)
{
    /// <summary>Calls that were given up and have not ended; with more the others wait for the end of theirs.</summary>
    private const int GivenUpMax = 64;

    // Comes back: the sessions that do not wait for their client. A client waits for such a session in vain, unless it
    // is between two statements: that takes no second.
    private const string Busy =
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND (coalesce(state, '') NOT LIKE "
            + "'idle%' OR state_change > clock_timestamp() - interval '1 second')";

    /// <summary>With the wait for the server's answer less than ten seconds.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(5);

    /// <summary>For a reply that was on its way while the server was asked.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500);

    // The wire has its own time, whatever clock the jobs live by.
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly Lock _lock = new();
    private Task<HashSet<int>?>? _asking;
    private int _givenUp;

    /// <summary>Waits for a call until it ends, or until its connection is known to be lost.</summary>
    /// <exception cref="CallGivenUpException">The connection is lost; <see cref="Ended"/> is to be called once the call
    /// has ended, which may take long.</exception>
    internal async Task<T> WaitAsync<T>(Task<T> call, int session)
    {
        while (true)
        {
            try
            {
                return await call.WaitAsync(Patience, _time);
            }
            catch (TimeoutException) when (!call.IsFaulted)
            {
                if (await IsServedAsync(session))
                {
                    continue;
                }
            }

            try
            {
                return await call.WaitAsync(Grace, _time);
            }
            catch (TimeoutException) when (!call.IsFaulted && Volatile.Read(ref _givenUp) < GivenUpMax)
            {
                Interlocked.Increment(ref _givenUp);
                throw new CallGivenUpException();
            }
            catch (TimeoutException) when (!call.IsFaulted)
            {
                // So many wait for lost connections that another new one would only make it worse.
            }
        }
    }

    /// <summary>A call that was given up has ended.</summary>
    internal void Ended() => Interlocked.Decrement(ref _givenUp);

    private async Task<bool> IsServedAsync(int session) =>
        await AskAsync() is { } busy && (!knowsSessions || busy.Contains(session));

    /// <summary>Calls that wait at the same time ask once.</summary>
    private Task<HashSet<int>?> AskAsync()
    {
        lock (_lock)
        {
            return _asking is { IsCompleted: false } asking ? asking : _asking = AskOnceAsync();
        }
    }

    /// <summary>The sessions that the server works for; null when it does not answer.</summary>
    private async Task<HashSet<int>?> AskOnceAsync()
    {
        try
        {
            return await ReadAsync().WaitAsync(AnswerMax, _time);
        }
        catch (Exception fault) when (StorageFault.IsFault(fault))
        {
            return null;
        }
    }

    private async Task<HashSet<int>> ReadAsync()
    {
        await using var connection = await probes.OpenConnectionAsync(CancellationToken.None);
        await using var rows = await connection.ReadAsync(new Statement(Busy), CancellationToken.None);
        var busy = new HashSet<int>();
        while (await rows.ReadAsync())
        {
            busy.Add(rows.GetInt32(0));
        }

        return busy;
    }
}
