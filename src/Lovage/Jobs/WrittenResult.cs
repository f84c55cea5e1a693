using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Lovage;

/// <summary>What a handler returned, as it is kept.</summary>
/// <param name="Json">UTF-8 JSON; empty for none.</param>
/// <param name="Fault">Why the result was left out; null when it was not.</param>
internal readonly record struct WrittenResult(ReadOnlyMemory<byte> Json, string? Fault = null)
{
    private const int CauseLengthMax = 300;

    /// <summary>Writes a result; never throws.</summary>
    /// <remarks>The handler has done its work: that its result is no JSON must not make it work again.</remarks>
    [SuppressMessage("Design", "CA1031", Justification = "Getters of the result are the app's code.")]
    internal static WrittenResult Of<T>(T value, JobSerializer serializer)
    {
        try
        {
            return new WrittenResult(JsonSerializer.SerializeToUtf8Bytes(value, serializer.Contract<T>()));
        }
        catch (Exception cause)
        {
            return new WrittenResult(
                default,
                "The result was left out: it cannot be written as JSON "
                    + $"({TextCut.Of(JobError.From(cause).Message, CauseLengthMax)}). Return plain data, or store it "
                    + "elsewhere and return a reference.");
        }
    }

    /// <summary>For a result that is a secret: the cause may hold a part of it.</summary>
    internal WrittenResult WithoutCause() => new(
        Json, "The result was left out: it cannot be written as JSON, or is too large (Lovage:Worker:ResultBytesMax).");

    /// <summary>The result, or why it was left out because it is too large.</summary>
    internal WrittenResult Within(long bytesMax) => Json.Length <= bytesMax ? this : new WrittenResult(
        default,
        $"The result was left out: it has {Json.Length:N0} bytes, more than the {bytesMax:N0} allowed "
            + "(Lovage:Worker:ResultBytesMax). Store it elsewhere and return a reference.");
}
