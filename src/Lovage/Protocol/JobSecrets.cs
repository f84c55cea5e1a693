using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Lovage.Protocol;

/// <summary>Reads the secrets of a job's arguments, whether they are written yet or not.</summary>
internal static class JobSecrets
{
    /// <summary>The secrets.</summary>
    /// <param name="given">The arguments as objects; null when they are in the body.</param>
    /// <param name="body">The arguments as JSON.</param>
    /// <param name="name">The job's name.</param>
    /// <param name="names">The names of the sensitive arguments.</param>
    /// <param name="serializer">Knows the contracts.</param>
    /// <returns>Null when no argument is sensitive.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever hinders reading the arguments, no text is shown.")]
    internal static SecretTexts? Of(
        JobArguments? given,
        ReadOnlyMemory<byte> body,
        string name,
        ImmutableArray<string> names,
        JobSerializer serializer)
    {
        if (names.IsEmpty)
        {
            return null;
        }

        if (given is null)
        {
            return SecretTexts.Of(body, names);
        }

        try
        {
            return SecretTexts.Of(JobBody.Encode(name, given, serializer, int.MaxValue), names);
        }
        catch (Exception)
        {
            return SecretTexts.Unknown;
        }
    }
}
