namespace Lovage.Faults.Harness;

/// <summary>
/// Keeps the pool of the test's own process from growing until it feeds any number of blocked handlers, as that of a
/// machine with many processors soon would.
/// </summary>
internal sealed class PoolBound : IDisposable
{
    private readonly int _threads;
    private readonly int _ports;

    internal PoolBound(int threads)
    {
        ThreadPool.GetMaxThreads(out _threads, out _ports);
        if (!ThreadPool.SetMaxThreads(threads, _ports))
        {
            throw new InvalidOperationException($"The pool cannot be bound to {threads} threads.");
        }
    }

    public void Dispose() => ThreadPool.SetMaxThreads(_threads, _ports);
}
