using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Spawning;

/// <summary>What a task of this process runs: a delegate or a job.</summary>
internal abstract class LocalCall
{
    /// <summary>Whether and when it is tried again; null for never.</summary>
    internal virtual RetryPolicy? Retry => null;

    /// <summary>Tries at the most.</summary>
    internal virtual int MaxAttempts => 1;

    /// <summary>True when the code runs on a dedicated thread.</summary>
    internal virtual bool IsApart => false;

    /// <summary>Runs once; throws what the code throws.</summary>
    internal abstract Task InvokeAsync(int attempt, CancellationToken cancellationToken);
}

/// <summary>A call with a result.</summary>
internal abstract class LocalCall<TResult> : LocalCall
{
    /// <summary>What the last run returned.</summary>
    internal TResult? Result { get; private protected set; }
}

/// <summary>A delegate; what it needs of services it takes from a scope of its own.</summary>
internal sealed class DelegateCall(IServiceScopeFactory scopes, Func<IServiceScopeFactory, CancellationToken, Task> run, RetryPolicy? retry = null) : LocalCall
{
    internal override RetryPolicy? Retry => retry;

    internal override int MaxAttempts => Attempts(retry);

    internal override Task InvokeAsync(int attempt, CancellationToken cancellationToken) => run(scopes, cancellationToken);

    internal static int Attempts(RetryPolicy? retry) => retry is null ? 1 : retry.MaxAttempts ?? LocalSettings.RetryAttempts;
}

/// <summary>A delegate with a result.</summary>
internal sealed class DelegateCall<TResult>(IServiceScopeFactory scopes, Func<IServiceScopeFactory, CancellationToken, Task<TResult>> run, RetryPolicy? retry = null) : LocalCall<TResult>
{
    internal override RetryPolicy? Retry => retry;

    internal override int MaxAttempts => DelegateCall.Attempts(retry);

    internal override async Task InvokeAsync(int attempt, CancellationToken cancellationToken) => Result = await run(scopes, cancellationToken);
}

/// <summary>Runs code with services of a scope of its own.</summary>
internal static class InScope
{
    internal static async Task RunAsync(IServiceScopeFactory scopes, Func<IServiceProvider, Task> run)
    {
        await using var scope = scopes.CreateAsyncScope();
        await run(scope.ServiceProvider);
    }

    internal static async Task<TResult> RunAsync<TResult>(IServiceScopeFactory scopes, Func<IServiceProvider, Task<TResult>> run)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await run(scope.ServiceProvider);
    }

    internal static T Get<T>(this IServiceProvider services)
        where T : notnull => services.GetRequiredService<T>();
}
