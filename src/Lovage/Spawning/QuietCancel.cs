namespace Lovage.Spawning;

/// <summary>Cancels tasks without waiting for what hangs on their tokens.</summary>
internal static class QuietCancel
{
    /// <summary>
    /// Cancels. Callbacks on the token are the tasks' own code: they neither run in the caller, nor throw into it, nor
    /// hold it up.
    /// </summary>
    internal static void Of(CancellationTokenSource source) =>
        source.CancelAsync().ContinueWith(
            static task => _ = task.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default);
}
