using Lovage.Execution;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Spawning;

/// <summary>
/// Turns the delegates that a caller may give, with and without a token, with services and without, into calls.
/// </summary>
internal sealed class LocalCalls(IServiceScopeFactory scopes, DedicatedThreads threads)
{
    internal static LocalCall Of(Action work, RetryPolicy? retry = null)
    {
        ArgumentNullException.ThrowIfNull(work);
        return new ActionCall(work, retry);
    }

    internal LocalCall Of(Func<Task> work, RetryPolicy? retry = null)
    {
        ArgumentNullException.ThrowIfNull(work);
        return new DelegateCall(scopes, (_, _) => work(), retry);
    }

    internal LocalCall Of(Func<CancellationToken, Task> work, RetryPolicy? retry = null)
    {
        ArgumentNullException.ThrowIfNull(work);
        return new DelegateCall(scopes, (_, token) => work(token), retry);
    }

    internal LocalCall Of<TResult>(Func<Task<TResult>> work, RetryPolicy? retry = null)
    {
        ArgumentNullException.ThrowIfNull(work);
        return new DelegateCall<TResult>(scopes, (_, _) => work(), retry);
    }

    internal LocalCall Of<TResult>(Func<CancellationToken, Task<TResult>> work, RetryPolicy? retry = null)
    {
        ArgumentNullException.ThrowIfNull(work);
        return new DelegateCall<TResult>(scopes, (_, token) => work(token), retry);
    }

    internal LocalCall Of<TService>(Action<TService> work, RetryPolicy? retry = null)
        where TService : notnull
    {
        ArgumentNullException.ThrowIfNull(work);
        return new DelegateCall(scopes, (scopes, token) => InScope.RunAsync(scopes, token, services =>
        {
            work(services.Get<TService>());
            return Task.CompletedTask;
        }), retry);
    }

    internal LocalCall Of<TService>(Func<TService, Task> work, RetryPolicy? retry = null)
        where TService : notnull
    {
        ArgumentNullException.ThrowIfNull(work);
        return new DelegateCall(
            scopes,
            (scopes, token) => InScope.RunAsync(scopes, token, services => work(services.Get<TService>())),
            retry);
    }

    internal LocalCall Of<TService>(Func<TService, CancellationToken, Task> work, RetryPolicy? retry = null)
        where TService : notnull
    {
        ArgumentNullException.ThrowIfNull(work);
        return new DelegateCall(
            scopes,
            (scopes, token) => InScope.RunAsync(scopes, token, services => work(services.Get<TService>(), token)),
            retry);
    }

    internal LocalCall Of<TService, TResult>(Func<TService, Task<TResult>> work, RetryPolicy? retry = null)
        where TService : notnull
    {
        ArgumentNullException.ThrowIfNull(work);
        return new DelegateCall<TResult>(
            scopes,
            (scopes, token) => InScope.RunAsync(scopes, token, services => work(services.Get<TService>())),
            retry);
    }

    internal LocalCall Of<TService, TResult>(
        Func<TService, CancellationToken, Task<TResult>> work, RetryPolicy? retry = null)
        where TService : notnull
    {
        ArgumentNullException.ThrowIfNull(work);
        return new DelegateCall<TResult>(
            scopes,
            (scopes, token) => InScope.RunAsync(scopes, token, services => work(services.Get<TService>(), token)),
            retry);
    }

    internal LocalCall Of<TService1, TService2>(Action<TService1, TService2> work, RetryPolicy? retry = null)
        where TService1 : notnull
        where TService2 : notnull
    {
        ArgumentNullException.ThrowIfNull(work);
        return new DelegateCall(scopes, (scopes, token) => InScope.RunAsync(scopes, token, services =>
        {
            work(services.Get<TService1>(), services.Get<TService2>());
            return Task.CompletedTask;
        }), retry);
    }

    internal LocalCall Of<TService1, TService2>(Func<TService1, TService2, Task> work, RetryPolicy? retry = null)
        where TService1 : notnull
        where TService2 : notnull
    {
        ArgumentNullException.ThrowIfNull(work);
        return new DelegateCall(
            scopes,
            (scopes, token) => InScope.RunAsync(
                scopes, token, services => work(services.Get<TService1>(), services.Get<TService2>())),
            retry);
    }

    internal LocalCall Of<TService1, TService2>(
        Func<TService1, TService2, CancellationToken, Task> work, RetryPolicy? retry = null)
        where TService1 : notnull
        where TService2 : notnull
    {
        ArgumentNullException.ThrowIfNull(work);
        return new DelegateCall(
            scopes,
            (scopes, token) => InScope.RunAsync(
                scopes, token, services => work(services.Get<TService1>(), services.Get<TService2>(), token)),
            retry);
    }

    internal LocalCall Of<TService1, TService2, TResult>(
        Func<TService1, TService2, Task<TResult>> work, RetryPolicy? retry = null)
        where TService1 : notnull
        where TService2 : notnull
    {
        ArgumentNullException.ThrowIfNull(work);
        return new DelegateCall<TResult>(
            scopes,
            (scopes, token) => InScope.RunAsync(
                scopes, token, services => work(services.Get<TService1>(), services.Get<TService2>())),
            retry);
    }

    internal LocalCall Of<TService1, TService2, TResult>(
        Func<TService1, TService2, CancellationToken, Task<TResult>> work, RetryPolicy? retry = null)
        where TService1 : notnull
        where TService2 : notnull
    {
        ArgumentNullException.ThrowIfNull(work);
        return new DelegateCall<TResult>(
            scopes,
            (scopes, token) => InScope.RunAsync(
                scopes, token, services => work(services.Get<TService1>(), services.Get<TService2>(), token)),
            retry);
    }

    /// <summary>
    /// Runs a call on a dedicated thread, listed and counted like any other task of this process; its failure is its
    /// caller's.
    /// </summary>
    internal async Task<TResult> RunDedicatedAsync<TResult>(
        LocalRunner runner, string name, Func<CancellationToken, TResult> work, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var entry = runner.Accept(TaskKind.Dedicated, name.Length == 0 ? "dedicated" : name);
        var left = new TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var isTaken = 0;
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, runner.Stopped);
            var token = either.Token;
            var run = threads.RunAsync(() =>
            {
                if (Interlocked.Exchange(ref isTaken, 1) != 0)
                {
                    // Its caller has gone. The call kept its place until here, so that cancelled calls cannot pile up
                    // before busy threads.
                    runner.Leave(entry);
                    throw new OperationCanceledException(token);
                }

                entry.Attempt = 1;
                token.ThrowIfCancellationRequested();
                return new ValueTask<TResult>(work(token));
            });
            await using var cancelled = token.UnsafeRegister(
                _ =>
                {
                    if (Interlocked.Exchange(ref isTaken, 1) == 0)
                    {
                        left.SetCanceled(cancellationToken.IsCancellationRequested ? cancellationToken : token);
                    }
                },
                null);
            try
            {
                return await await Task.WhenAny(run, left.Task);
            }
            catch (OperationCanceledException gone)
                when (gone.CancellationToken == token && cancellationToken.IsCancellationRequested)
            {
                // The caller knows its own token, and not the one that the work got.
                throw new OperationCanceledException(gone.Message, gone, cancellationToken);
            }
        }
        finally
        {
            if (!left.Task.IsCanceled)
            {
                runner.Leave(entry);
            }
        }
    }
}
