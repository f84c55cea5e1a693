namespace Lovage.Faults.Harness;

/// <summary>A storage on a server that can be hit apart from its clients, which reach it through a proxy.</summary>
public abstract class ServerUnderTest : StorageUnderTest
{
    private FaultProxy? _proxy;

    /// <summary>Between all processes of the test and the server.</summary>
    internal FaultProxy Proxy => _proxy ?? throw new InvalidOperationException("The storage was not made.");

    public sealed override async ValueTask CreateAsync(string folder) =>
        _proxy = new FaultProxy(await StartOnceAsync());

    /// <summary>Ends one session that a client has with the server, chosen by chance.</summary>
    /// <returns>What it was for; null when there was none.</returns>
    internal abstract Task<string?> EndSessionAsync(Random random);

    /// <summary>Kills the server, in turn by the ways there are.</summary>
    internal abstract Task KillAsync(int round);

    /// <summary>Starts it again on what it left; returns once it answers.</summary>
    internal abstract Task StartAsync();

    /// <summary>
    /// True when all that each process keeps open with the server was opened after a moment: it hears hints, and renews
    /// leases where it holds some.
    /// </summary>
    internal abstract Task<bool> IsRearmedAsync(DateTimeOffset since, int processes, int renewing);

    /// <summary>Starts the server for the first time.</summary>
    /// <returns>Its port.</returns>
    protected abstract Task<int> StartOnceAsync();

    /// <summary>Removes the storage from the server.</summary>
    protected abstract ValueTask RemoveAsync();

    protected sealed override async ValueTask DropAsync()
    {
        if (_proxy is not null)
        {
            await _proxy.DisposeAsync();
            await RemoveAsync();
        }
    }
}
