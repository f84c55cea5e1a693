using System.Net.Sockets;
using StackExchange.Redis;

namespace Lovage.Redis.Connections;

/// <summary>Redis's errors as <see cref="StorageException"/>s that say what to do.</summary>
internal static class RedisFault
{
    internal static bool IsFault(Exception fault) => fault is RedisException
        or RedisTimeoutException
        or TimeoutException
        or SocketException
        or IOException
        or ObjectDisposedException;

    internal static bool IsScriptMissing(Exception fault) =>
        fault is RedisServerException { Message: var message }
        && message.StartsWith("NOSCRIPT", StringComparison.Ordinal);

    internal static StorageException From(Exception fault, string description)
    {
        var (what, isTransient) = fault switch
        {
            RedisServerException answer => From(answer.Message),
            ObjectDisposedException => ("is closed.", false),
            _ => (
                "cannot be reached, or does not answer. Check that the server runs and that host, port and firewall "
                    + "are right; the call can be repeated.",
                true),
        };
        return new StorageException($"The storage {description} {what} ({fault.Message})", isTransient, fault);
    }

    private static (string What, bool IsTransient) From(string answer) => Word(answer) switch
    {
        "OOM" => (
            "has no memory left. Nothing was accepted; raise maxmemory or let jobs end, and repeat the call.", true),
        "READONLY" => ("can only be read at the moment: it is a replica. The call can be repeated.", true),
        "LOADING" => ("is still loading its data; the call can be repeated.", true),
        "BUSY" => ("is busy with a script; the call can be repeated.", true),
        "MISCONF" => (
            "refuses writes because it cannot save its data to disk. Check the server's log and its disk.", true),
        "MASTERDOWN" or "CLUSTERDOWN" or "TRYAGAIN" =>
            ("has no primary at the moment; the call can be repeated.", true),
        "NOAUTH" or "WRONGPASS" => ("refuses the user or the password. Check Lovage:Storage.", false),
        "NOPERM" => ("does not allow this to the user. Grant it what docs/storages.md lists for Redis.", false),
        _ => ("could not be used.", false),
    };

    private static string Word(string answer)
    {
        var end = answer.IndexOf(' ', StringComparison.Ordinal);
        var word = end < 0 ? answer : answer[..end];

        // An error inside a script comes as "ERR OOM command not allowed ...", or with its own word first.
        return word == "ERR" && end > 0 ? Word(answer[(end + 1)..]) : word;
    }
}
