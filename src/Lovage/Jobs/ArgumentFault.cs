namespace Lovage;

/// <summary>An argument that cannot be written, before the message is known whose argument it is.</summary>
internal sealed class ArgumentFault(string parameter, Exception cause)
    : InvalidOperationException(cause.Message, cause)
{
    internal string Parameter { get; } = parameter;

    /// <summary>
    /// True when a fault is one of the value: whatever constructors, setters, getters and converters of the app throw.
    /// A missing contract is a fault of the app's set-up, a full body one of all arguments together.
    /// </summary>
    internal static bool IsOfTheValue(Exception cause) =>
        cause is not (OutOfMemoryException or PayloadTooLargeException) && !IsMissingContract(cause);

    /// <summary>True when System.Text.Json knows no contract for a type, at any depth.</summary>
    /// <remarks>
    /// It says so by a <see cref="NotSupportedException"/>, as it does of values that it refuses. Its texts are English
    /// in every culture.
    /// </remarks>
    private static bool IsMissingContract(Exception cause) =>
        cause is NotSupportedException && cause.Message.Contains("TypeInfoResolver", StringComparison.Ordinal);
}
