using System.ComponentModel;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;

namespace Lovage;

/// <summary>
/// Turns arguments and results into JSON and back. It refuses duplicate keys, nesting over 64, null where the type
/// forbids it, and numbers that do not fit. Contracts come from the built-in one for primitives, then from the contexts
/// that the app added, then from reflection where it is enabled. Property names are snake_case.
/// </summary>
/// <remarks>
/// Immutable after construction, safe for use by several threads. It refuses a number that a floating-point type cannot
/// hold, wherever the number stands. A member of such a type is therefore a JSON number, even where
/// <see cref="JsonNumberHandlingAttribute"/> would allow a text.
/// </remarks>
public sealed class JobSerializer
{
    private readonly JsonSerializerOptions _options;
    private readonly JsonLosses _losses;

    /// <summary>Makes a serializer.</summary>
    /// <param name="contexts">Source-generated contexts of the app, asked in order after the built-in one.</param>
    public JobSerializer(params IEnumerable<IJsonTypeInfoResolver> contexts)
    {
        ArgumentNullException.ThrowIfNull(contexts);
        _options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            DictionaryKeyPolicy = null,
            NumberHandling = JsonNumberHandling.Strict,
            AllowDuplicateProperties = false,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            MaxDepth = 64,
            Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
            Converters =
            {
                new FiniteNumberConverter<double>(JsonMetadataServices.DoubleConverter),
                new FiniteNumberConverter<float>(JsonMetadataServices.SingleConverter),
                new FiniteNumberConverter<Half>(JsonMetadataServices.HalfConverter),
            },
        };
        _options.TypeInfoResolverChain.Add(BuiltInContracts.Default);
        foreach (var context in contexts)
        {
            _options.TypeInfoResolverChain.Add(context);
        }

        AddReflectionWhereEnabled(_options);
        _options.MakeReadOnly();
        _losses = new JsonLosses(_options);
    }

    /// <summary>The JSON contract of a type.</summary>
    /// <typeparam name="T">The type.</typeparam>
    /// <exception cref="NotSupportedException">No contract is known; the message says how to add one.</exception>
    public JsonTypeInfo<T> Contract<T>() => (JsonTypeInfo<T>)Contract(typeof(T));

    /// <summary>The JSON contract of a type that is known at run time only.</summary>
    /// <param name="type">The type.</param>
    /// <exception cref="NotSupportedException">No contract is known; the message says how to add one.</exception>
    public JsonTypeInfo Contract(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        try
        {
            return _options.GetTypeInfo(type);
        }
        catch (NotSupportedException cause)
        {
            throw new NotSupportedException(
                $"No JSON contract is known for {type}. Add [JsonSerializable(typeof({type.Name}))] to a "
                    + "JsonSerializerContext and pass it to AddLovage().AddJsonContext(...).",
                cause);
        }
    }

    /// <summary>The JSON contract of a type; null when none is known.</summary>
    /// <exception cref="InvalidOperationException">The contract is wrong.</exception>
    internal JsonTypeInfo? ContractOrNull(Type type) =>
        _options.TryGetTypeInfo(type, out var contract) ? contract : null;

    /// <summary>Writes a value of a known type.</summary>
    /// <typeparam name="T">The declared type.</typeparam>
    /// <param name="writer">Where to.</param>
    /// <param name="value">The value.</param>
    public void Write<T>(Utf8JsonWriter writer, T value)
    {
        ArgumentNullException.ThrowIfNull(writer);
        JsonSerializer.Serialize(writer, value, Contract<T>());
    }

    /// <summary>Writes an argument: generated code.</summary>
    /// <typeparam name="T">The declared type.</typeparam>
    /// <param name="writer">Where to.</param>
    /// <param name="value">The value.</param>
    /// <param name="parameter">The parameter, for the message.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public void WriteArgument<T>(Utf8JsonWriter writer, T value, string parameter)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var contract = Contract<T>();
        var loss = value is null ? null : _losses.Of(contract);
        RequireWhole(loss, contract, parameter);
        try
        {
            JsonSerializer.Serialize(writer, value, contract);
        }
        catch (Exception cause) when (ArgumentFault.IsOfTheValue(cause))
        {
            throw new ArgumentFault(parameter, cause);
        }

        if (loss is not null)
        {
            RequireSame(loss, value, contract, parameter);
        }
    }

    /// <summary>Writes an argument by its run-time type.</summary>
    internal void WriteArgument(Utf8JsonWriter writer, object? value, string parameter)
    {
        var contract = value is null ? null : Contract(value.GetType());
        if (contract is not null)
        {
            RequireWhole(_losses.Of(contract), contract, parameter);
        }

        try
        {
            if (contract is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                JsonSerializer.Serialize(writer, value, contract);
            }
        }
        catch (Exception cause) when (ArgumentFault.IsOfTheValue(cause))
        {
            throw new ArgumentFault(parameter, cause);
        }
    }

    /// <summary>Writes a value by its run-time type.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="value">The value; null is JSON null.</param>
    public void WriteUntyped(Utf8JsonWriter writer, object? value)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (value is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            JsonSerializer.Serialize(writer, value, Contract(value.GetType()));
        }
    }

    /// <summary>Reads a value.</summary>
    /// <typeparam name="T">The type to read.</typeparam>
    /// <param name="json">UTF-8 JSON.</param>
    /// <exception cref="JsonException">The text is not JSON, or not of this type.</exception>
    public T? Read<T>(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize(json, Contract<T>());

    private static void RequireWhole(JsonLoss? loss, JsonTypeInfo contract, string parameter)
    {
        if (loss is { IsCertain: true })
        {
            throw ArgumentFault.Lost(parameter, contract.Type, loss);
        }
    }

    /// <summary>
    /// Refuses a value of a doubtful type that is another one once it is read. The value was written before, so it is
    /// not larger than a body may be.
    /// </summary>
    private static void RequireSame<T>(JsonLoss loss, T value, JsonTypeInfo<T> contract, string parameter)
    {
        bool changes;
        try
        {
            changes = JsonLosses.Changes(value, contract);
        }
        catch (Exception cause) when (ArgumentFault.IsOfTheValue(cause))
        {
            throw ArgumentFault.Lost(parameter, contract.Type, loss, cause);
        }

        if (changes)
        {
            throw ArgumentFault.Lost(parameter, contract.Type, loss);
        }
    }

    [System.Diagnostics.CodeAnalysis.UnconditionalSuppressMessage(
        "Trimming",
        "IL2026",
        Justification = "Only where the app left reflection-based serialization enabled, which a trimmed app does "
            + "not.")]
    [System.Diagnostics.CodeAnalysis.UnconditionalSuppressMessage(
        "AOT",
        "IL3050",
        Justification = "Only where the app left reflection-based serialization enabled, which an AOT app does not.")]
    private static void AddReflectionWhereEnabled(JsonSerializerOptions options)
    {
        if (JsonSerializer.IsReflectionEnabledByDefault)
        {
            options.TypeInfoResolverChain.Add(new DefaultJsonTypeInfoResolver());
        }
    }
}

[JsonSerializable(typeof(bool))]
[JsonSerializable(typeof(byte))]
[JsonSerializable(typeof(sbyte))]
[JsonSerializable(typeof(short))]
[JsonSerializable(typeof(ushort))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(uint))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(ulong))]
[JsonSerializable(typeof(float))]
[JsonSerializable(typeof(double))]
[JsonSerializable(typeof(decimal))]
[JsonSerializable(typeof(char))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(Guid))]
[JsonSerializable(typeof(Uri))]
[JsonSerializable(typeof(DateTime))]
[JsonSerializable(typeof(DateTimeOffset))]
[JsonSerializable(typeof(DateOnly))]
[JsonSerializable(typeof(TimeOnly))]
[JsonSerializable(typeof(TimeSpan))]
[JsonSerializable(typeof(byte[]))]
[JsonSerializable(typeof(bool?))]
[JsonSerializable(typeof(int?))]
[JsonSerializable(typeof(long?))]
[JsonSerializable(typeof(double?))]
[JsonSerializable(typeof(decimal?))]
[JsonSerializable(typeof(Guid?))]
[JsonSerializable(typeof(DateTime?))]
[JsonSerializable(typeof(DateTimeOffset?))]
[JsonSerializable(typeof(DateOnly?))]
[JsonSerializable(typeof(TimeSpan?))]
[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(int[]))]
[JsonSerializable(typeof(long[]))]
[JsonSerializable(typeof(double[]))]
[JsonSerializable(typeof(List<string>))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(System.Text.Json.Nodes.JsonNode))]
[JsonSerializable(typeof(System.Text.Json.Nodes.JsonObject))]
[JsonSerializable(typeof(System.Text.Json.Nodes.JsonArray))]
[JsonSerializable(typeof(JobId))]
internal sealed partial class BuiltInContracts : JsonSerializerContext;
