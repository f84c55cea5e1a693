namespace Lovage.Execution;

/// <summary>
/// Looks into what a handler threw. Blocking calls (<c>Wait()</c>, <c>Parallel</c>, PLINQ) throw an
/// <see cref="AggregateException"/> around the errors that count.
/// </summary>
internal static class HandlerErrors
{
    /// <summary>The error itself; the inner one of an aggregate that holds one alone.</summary>
    internal static Exception Unwrap(Exception error) =>
        error is AggregateException && Of(error) is [var only] ? only : error;

    /// <summary>The errors that count: the error itself, or all that an aggregate holds, at any depth.</summary>
    internal static IReadOnlyList<Exception> Of(Exception error) =>
        error is AggregateException many && many.Flatten().InnerExceptions is { Count: > 0 } inner ? inner : [error];

    /// <summary>The first error of a kind; null when there is none.</summary>
    internal static T? Find<T>(Exception? error)
        where T : Exception => error as T ?? (error is null ? null : Of(error).OfType<T>().FirstOrDefault());
}
