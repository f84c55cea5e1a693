using System.ComponentModel;
using System.Text.Json;

namespace Lovage.Generated;

/// <summary>
/// The arguments of a job, kept as the caller gave them until they are written: positional ones and keyword ones, as in
/// Celery's <c>args</c> and <c>kwargs</c>. A generated factory captures them in a class of its own, so that running in
/// the same process needs no JSON.
/// </summary>
/// <remarks>Immutable by contract; do not change an object after giving it to a job.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class JobArguments
{
    /// <summary>No arguments.</summary>
    public static JobArguments None { get; } = new ValueArguments([], []);

    /// <summary>Writes the positional arguments as values of an array that is already open.</summary>
    /// <param name="writer">The writer inside the array.</param>
    /// <param name="serializer">Knows the contracts.</param>
    public abstract void WritePositional(Utf8JsonWriter writer, JobSerializer serializer);

    /// <summary>
    /// Writes the keyword arguments as properties of an object that is already open. Writes nothing by default.
    /// </summary>
    /// <param name="writer">The writer inside the object.</param>
    /// <param name="serializer">Knows the contracts.</param>
    public virtual void WriteKeyword(Utf8JsonWriter writer, JobSerializer serializer)
    {
    }

    /// <summary>
    /// Checks the arguments by the data annotations of the handler's parameters and of their types. The client calls it
    /// when it enqueues the job, and the worker again before the handler runs. By default it checks nothing; generated
    /// arguments check their annotations.
    /// </summary>
    /// <param name="job">The job's name, for messages.</param>
    /// <exception cref="BadArgumentsException">Something is wrong; the message names up to five places.</exception>
    public virtual void Validate(string job)
    {
    }

    /// <summary>
    /// The number of the last parameter that is written, when that parameter is optional; 0 (the default) when only
    /// parameters are written that a handler cannot do without.
    /// </summary>
    /// <remarks>
    /// The message carries it, so that a worker of an older version can tell that its handler takes fewer parameters.
    /// </remarks>
    public virtual int Reach => 0;

    /// <summary>
    /// True for an argument that is its parameter's default: generated code leaves it out at the end.
    /// </summary>
    /// <typeparam name="T">The parameter's type.</typeparam>
    /// <param name="value">The argument.</param>
    /// <param name="standard">The default.</param>
    protected static bool IsDefault<T>(T? value, T? standard) => EqualityComparer<T>.Default.Equals(value!, standard!);

    /// <summary>True for an empty array: generated code leaves out a <c>params</c> argument that is one.</summary>
    /// <param name="value">The argument.</param>
    protected static bool IsEmpty(object? value) => value is Array { Length: 0 };

    /// <summary>True for values or JSON that no compiler has checked against the handler's types.</summary>
    internal virtual bool IsUntyped => false;

    /// <summary>Arguments from values.</summary>
    /// <param name="positional">By position; each of a type whose JSON contract is known to the client.</param>
    /// <param name="keyword">By name; none by default.</param>
    public static JobArguments Of(
        IEnumerable<object?> positional, IEnumerable<KeyValuePair<string, object?>>? keyword = null)
    {
        ArgumentNullException.ThrowIfNull(positional);
        object?[] values = [.. positional];
        KeyValuePair<string, object?>[] named = keyword is null ? [] : [.. keyword];
        return values.Length == 0 && named.Length == 0 ? None : new ValueArguments(values, named);
    }

    /// <summary>Arguments from JSON: an array is positional, an object is by name.</summary>
    /// <param name="json">An array or an object.</param>
    /// <exception cref="ArgumentException">It is neither.</exception>
    public static JobArguments FromJson(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Array => new JsonArguments(json.Clone(), default),
        JsonValueKind.Object => new JsonArguments(default, json.Clone()),
        _ => throw new ArgumentException(
            $"Arguments are a JSON array (by position) or object (by name); this is {json.ValueKind}.", nameof(json)),
    };

    private sealed class ValueArguments(object?[] positional, KeyValuePair<string, object?>[] keyword) : JobArguments
    {
        internal override bool IsUntyped => true;

        public override void WritePositional(Utf8JsonWriter writer, JobSerializer serializer)
        {
            for (var i = 0; i < positional.Length; i++)
            {
                serializer.WriteArgument(writer, positional[i], $"#{i + 1}");
            }
        }

        public override void WriteKeyword(Utf8JsonWriter writer, JobSerializer serializer)
        {
            foreach (var (name, value) in keyword)
            {
                writer.WritePropertyName(name);
                serializer.WriteArgument(writer, value, name);
            }
        }
    }

    private sealed class JsonArguments(JsonElement positional, JsonElement keyword) : JobArguments
    {
        internal override bool IsUntyped => true;

        public override void WritePositional(Utf8JsonWriter writer, JobSerializer serializer)
        {
            if (positional.ValueKind == JsonValueKind.Array)
            {
                foreach (var value in positional.EnumerateArray())
                {
                    value.WriteTo(writer);
                }
            }
        }

        public override void WriteKeyword(Utf8JsonWriter writer, JobSerializer serializer)
        {
            if (keyword.ValueKind == JsonValueKind.Object)
            {
                foreach (var property in keyword.EnumerateObject())
                {
                    property.WriteTo(writer);
                }
            }
        }
    }
}
