using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Spawning;

/// <summary>What a task of this process runs: a delegate or a job.</summary>
internal abstract class LocalCall
{
    /// <summary>A call that does nothing, for a part whose own call could not be made.</summary>
    internal static LocalCall None { get; } = new ActionCall(static () => { }, null);

    /// <summary>Whether and when it is tried again; null for never.</summary>
    internal virtual RetryPolicy? Retry => null;

    /// <summary>Tries at the most.</summary>
    internal virtual int MaxAttempts => 1;

    /// <summary>True when the code runs on a dedicated thread.</summary>
    internal virtual bool IsApart => false;

    /// <summary>An error of the last run for a log: without the values of sensitive arguments.</summary>
    [return: NotNullIfNotNull(nameof(error))]
    internal virtual Exception? Shown(Exception? error) => error;

    /// <summary>Runs once; throws what the code throws.</summary>
    internal abstract Task InvokeAsync(int attempt, CancellationToken cancellationToken);
}

/// <summary>A call with a result.</summary>
internal abstract class LocalCall<TResult> : LocalCall
{
    /// <summary>What the last run returned.</summary>
    internal TResult? Result { get; private protected set; }
}

/// <summary>A delegate that takes nothing and waits for nothing.</summary>
internal sealed class ActionCall(Action work, RetryPolicy? retry) : LocalCall
{
    internal override RetryPolicy? Retry => retry;

    internal override int MaxAttempts => DelegateCall.Attempts(retry);

    internal override Task InvokeAsync(int attempt, CancellationToken cancellationToken)
    {
        work();
        return Task.CompletedTask;
    }
}

/// <summary>A delegate; what it needs of services it takes from a scope of its own.</summary>
internal sealed class DelegateCall(
    IServiceScopeFactory scopes,
    Func<IServiceScopeFactory, CancellationToken, Task> run,
    RetryPolicy? retry = null) : LocalCall
{
    internal override RetryPolicy? Retry => retry;

    internal override int MaxAttempts => Attempts(retry);

    internal override Task InvokeAsync(int attempt, CancellationToken cancellationToken) =>
        run(scopes, cancellationToken);

    internal static int Attempts(RetryPolicy? retry) =>
        retry is null ? 1 : retry.MaxAttempts ?? LocalSettings.RetryAttempts;
}

/// <summary>A delegate with a result.</summary>
internal sealed class DelegateCall<TResult>(
    IServiceScopeFactory scopes,
    Func<IServiceScopeFactory, CancellationToken, Task<TResult>> run,
    RetryPolicy? retry = null) : LocalCall<TResult>
{
    internal override RetryPolicy? Retry => retry;

    internal override int MaxAttempts => DelegateCall.Attempts(retry);

    internal override async Task InvokeAsync(int attempt, CancellationToken cancellationToken) =>
        Result = await run(scopes, cancellationToken);
}

/// <summary>The work for one item of a gathering, in the flow of its caller.</summary>
internal sealed class PartCall<TResult>(Func<CancellationToken, Task<TResult>> run) : LocalCall<TResult>
{
    internal override async Task InvokeAsync(int attempt, CancellationToken cancellationToken) =>
        Result = await run(cancellationToken);
}

/// <summary>Runs code with services of a scope of its own.</summary>
[SuppressMessage("Design", "CA1068", Justification = "The delegate reads best last.")]
internal static class InScope
{
    internal static async Task RunAsync(
        IServiceScopeFactory scopes, CancellationToken cancellationToken, Func<TaskServices, Task> run)
    {
        await using var scope = scopes.CreateAsyncScope();
        await run(new TaskServices(scope.ServiceProvider, cancellationToken));
    }

    internal static async Task<TResult> RunAsync<TResult>(
        IServiceScopeFactory scopes, CancellationToken cancellationToken, Func<TaskServices, Task<TResult>> run)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await run(new TaskServices(scope.ServiceProvider, cancellationToken));
    }
}

/// <summary>What a delegate's parameters are filled with.</summary>
internal readonly struct TaskServices(IServiceProvider services, CancellationToken cancellationToken)
{
    /// <summary>
    /// A service; or the token, where the compiler took it for one because the delegate returns nothing.
    /// </summary>
    internal T Get<T>()
        where T : notnull =>
        typeof(T) == typeof(CancellationToken) ? (T)(object)cancellationToken : services.GetRequiredService<T>();
}
