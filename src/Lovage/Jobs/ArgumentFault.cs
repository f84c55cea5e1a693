namespace Lovage;

/// <summary>An argument that cannot be written, before the message is known whose argument it is.</summary>
/// <param name="parameter">The parameter.</param>
/// <param name="fault">What is wrong with it, as a sentence without its subject.</param>
/// <param name="cause">The error behind it; null for none.</param>
internal sealed class ArgumentFault(string parameter, string fault, Exception? cause)
    : InvalidOperationException(fault, cause)
{
    /// <summary>A value that the serializer refuses.</summary>
    internal ArgumentFault(string parameter, Exception cause)
        : this(parameter, $"cannot be written as JSON: {cause.Message}", cause)
    {
    }

    internal string Parameter { get; } = parameter;

    /// <summary>A value that the handler would get in part.</summary>
    internal static ArgumentFault Lost(string parameter, Type type, JsonLoss loss, Exception? cause = null) =>
        new(parameter, $"of type {type.Name} does not come back whole from JSON: {loss.Reason}.", cause);

    /// <summary>
    /// True when a fault is one of the value: whatever constructors, setters, getters and converters of the app throw.
    /// A missing contract is a fault of the app's set-up, a full body one of all arguments together.
    /// </summary>
    internal static bool IsOfTheValue(Exception cause) =>
        cause is not (OutOfMemoryException or PayloadTooLargeException or ArgumentFault) && !IsMissingContract(cause);

    /// <summary>True when System.Text.Json knows no contract for a type, at any depth.</summary>
    /// <remarks>
    /// It says so by a <see cref="NotSupportedException"/>, as it does of values that it refuses. Its texts are English
    /// in every culture.
    /// </remarks>
    private static bool IsMissingContract(Exception cause) =>
        cause is NotSupportedException && cause.Message.Contains("TypeInfoResolver", StringComparison.Ordinal);
}
