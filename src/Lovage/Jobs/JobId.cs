using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Lovage;

/// <summary>
/// The name of one job for its whole life, retries included: Celery's task id. Lovage makes ids as UUIDv7 in their
/// 36-character form. It takes ids from elsewhere as they are: 1 to 128 characters of <c>[A-Za-z0-9._:-]</c>. An
/// endpoint can take one as a parameter: ASP.NET Core answers 400 to a text that is none.
/// </summary>
/// <remarks>
/// Immutable, safe for use by several threads. An id is not a secret and is not unique on a foreign wire.
/// </remarks>
[JsonConverter(typeof(JobIdJsonConverter))]
public readonly record struct JobId : IParsable<JobId>
{
    private readonly string? _value;

    private JobId(string value) => _value = value;

    /// <summary>The id as text; empty for the default value.</summary>
    public string Value => _value ?? "";

    /// <summary>Reads an id.</summary>
    /// <param name="value">1 to 128 characters of <c>[A-Za-z0-9._:-]</c>.</param>
    /// <exception cref="ArgumentException">The text is no valid id; the message says why.</exception>
    public static JobId Parse(string value) =>
        TryParse(value, out var id)
            ? id
            : throw new ArgumentException(
                $"'{JobNames.Shown(value)}' is not a job id: 1 to {JobNames.IdLengthMax} characters of A-Z a-z 0-9 . "
                    + "_ : - are expected.",
                nameof(value));

    /// <summary>Reads an id without throwing.</summary>
    /// <param name="value">The text; null is refused.</param>
    /// <param name="id">The id when the text is one.</param>
    public static bool TryParse([NotNullWhen(true)] string? value, out JobId id)
    {
        if (JobNames.IsId(value))
        {
            id = new JobId(value);
            return true;
        }

        id = default;
        return false;
    }

    /// <inheritdoc/>
    static JobId IParsable<JobId>.Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    static bool IParsable<JobId>.TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out JobId result) =>
        TryParse(s, out result);

    /// <summary>Wraps text already known to be a valid id, such as one read back from a storage.</summary>
    internal static JobId Trusted(string value) => new(value);

    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>Writes a <see cref="JobId"/> as a JSON string.</summary>
public sealed class JobIdJsonConverter : JsonConverter<JobId>
{
    /// <inheritdoc/>
    public override JobId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JobId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException("Not a job id.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, JobId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Value);
}
