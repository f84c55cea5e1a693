namespace Lovage.Execution;

/// <summary>A handler or a task of this process that runs on the thread pool, at one moment.</summary>
/// <param name="Name">The name of its job or task.</param>
/// <param name="HoldsThread">True while its synchronous part runs, which keeps a thread; false once it has awaited,
/// whatever it does since.</param>
/// <param name="Duration">How long it has been running.</param>
internal readonly record struct RunningHandler(string Name, bool HoldsThread, TimeSpan Duration);
