namespace Lovage.Tests.Spawning;

/// <summary>Set once, waited for by many.</summary>
internal sealed class Signal
{
    private readonly TaskCompletionSource _set = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when it is set, however long that takes: for the app's side.</summary>
    public Task WhenSet => _set.Task;

    public bool IsSet => _set.Task.IsCompleted;

    public void Set() => _set.TrySetResult();

    /// <summary>For the test's side, which does not wait for ever.</summary>
    public Task WaitAsync() => _set.Task.WaitAsync(TestLog.Patience, Xunit.TestContext.Current.CancellationToken);
}
