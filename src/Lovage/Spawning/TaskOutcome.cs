namespace Lovage;

/// <summary>How one of several gathered pieces of work ended.</summary>
/// <typeparam name="TResult">What it returns.</typeparam>
/// <param name="Value">What it returned; the default value when it did not.</param>
/// <param name="Exception">What it threw; null when it returned.</param>
public readonly record struct TaskOutcome<TResult>(TResult? Value, Exception? Exception)
{
    /// <summary>True when it returned.</summary>
    public bool Succeeded => Exception is null;
}
