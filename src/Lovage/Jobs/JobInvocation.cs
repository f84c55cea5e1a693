using System.ComponentModel;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Generated;

/// <summary>
/// What generated code needs to run one attempt: the arguments, the handler's services and a place for the result.
/// </summary>
/// <remarks>Used by one attempt at a time; not safe for use by several threads.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class JobInvocation
{
    /// <summary>What the handler sees.</summary>
    public abstract JobContext Context { get; }

    /// <summary>Knows the contracts.</summary>
    public abstract JobSerializer Serializer { get; }

    /// <summary>
    /// The captured arguments when the job runs in the process that made it; null when they are in <see cref="Body"/>.
    /// </summary>
    public abstract JobArguments? Arguments { get; }

    /// <summary>
    /// The body of the message, <c>[args, kwargs, embed]</c>; empty when <see cref="Arguments"/> is set.
    /// </summary>
    public abstract ReadOnlyMemory<byte> Body { get; }

    /// <summary>
    /// The services of this attempt's own scope. The scope is made at the first call and disposed when the attempt
    /// ends.
    /// </summary>
    public abstract IServiceProvider Services { get; }

    /// <summary>The result as UTF-8 JSON; empty when the handler returned none, or one that is no JSON.</summary>
    public ReadOnlyMemory<byte> Result => Written.Json;

    /// <summary>The result as it is kept.</summary>
    internal WrittenResult Written { get; private set; }

    /// <summary>The result as it was returned, for a run in the same process; null when there is none.</summary>
    public object? ResultValue { get; private set; }

    /// <summary>Reads the body.</summary>
    /// <exception cref="BadArgumentsException">The body has another shape.</exception>
    public JobArgumentReader ReadArguments() => new(Context.Name, Body.Span, Serializer);

    /// <summary>A handler made by its own scope.</summary>
    /// <typeparam name="THandler">The handler's class, registered as a scoped service.</typeparam>
    public THandler GetHandler<THandler>()
        where THandler : notnull => Services.GetRequiredService<THandler>();

    /// <summary>Keeps what the handler returned.</summary>
    /// <typeparam name="T">The handler's declared result type.</typeparam>
    /// <param name="value">The result.</param>
    public void SetResult<T>(T value)
    {
        ResultValue = value;
        if (KeepsResult)
        {
            Written = WrittenResult.Of(value, Serializer);
        }
    }

    /// <summary>False when the JSON form of the result will not be read.</summary>
    protected abstract bool KeepsResult { get; }
}
