using System.Collections.Immutable;

namespace Lovage.Testing;

/// <summary>What came out of a job that a test ran.</summary>
/// <remarks>Immutable, safe for use by several threads.</remarks>
public sealed class JobRun
{
    private readonly ReadOnlyMemory<byte> _result;
    private readonly JobSerializer _serializer;

    internal JobRun(
        JobState state,
        ReadOnlyMemory<byte> result,
        JobError? error,
        string? reason,
        ImmutableArray<AttemptRecord> attempts,
        JobProgressReport progress,
        JobSerializer serializer)
    {
        State = state;
        _result = result;
        Error = error;
        Reason = reason;
        Attempts = attempts;
        Progress = progress;
        _serializer = serializer;
    }

    /// <summary>How it ended.</summary>
    public JobState State { get; }

    /// <summary>What its last attempt threw; null when nothing was thrown.</summary>
    public JobError? Error { get; }

    /// <summary>Why it ended so, for a person; null when that needs no word.</summary>
    public string? Reason { get; }

    /// <summary>Its attempts with their errors and logs, oldest first.</summary>
    public ImmutableArray<AttemptRecord> Attempts { get; }

    /// <summary>Its last report of progress.</summary>
    public JobProgressReport Progress { get; }

    /// <summary>The result, read back from JSON.</summary>
    /// <typeparam name="T">What it is read as.</typeparam>
    /// <returns>The default value when its handler returned nothing.</returns>
    /// <exception cref="JobAssertionException">The job did not succeed.</exception>
    /// <exception cref="System.Text.Json.JsonException">The result is no <typeparamref name="T"/>.</exception>
    public T? Result<T>() =>
        State != JobState.Succeeded
            ? throw new JobAssertionException(
                $"The job ended as {State}, not with a result: {Error?.Type}: "
                    + $"{Error?.Message ?? Reason}\n{Error?.Traceback}")
        : _result.IsEmpty ? default
        : _serializer.Read<T>(_result.Span);
}
