using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text;

namespace Lovage.Generated;

/// <summary>
/// Binds the body of a message, <c>[args, kwargs, embed]</c>, to the parameters of a handler, in their order: by
/// position first, then by name. Generated code calls <see cref="Read{T}(string)"/> once for each parameter and then
/// <see cref="End(ImmutableArray{JobParameter})"/>.
/// </summary>
/// <remarks>Every misfit is a <see cref="BadArgumentsException"/> that names the parameter.</remarks>
[SuppressMessage("Performance", "CA1815", Justification = "A ref struct cannot be compared.")]
[EditorBrowsable(EditorBrowsableState.Never)]
public ref struct JobArgumentReader
{
    private const int NamesShownMax = 20;

    private readonly string _job;
    private readonly JobSerializer _serializer;
    private readonly ReadOnlySpan<byte> _keywords;
    private Utf8JsonReader _positional;
    private bool _positionalEnded;
    private int _keywordsUsed;

    /// <summary>Opens a body.</summary>
    /// <param name="job">The job's name, for messages.</param>
    /// <param name="body">UTF-8 JSON: <c>[args, kwargs, embed]</c>.</param>
    /// <param name="serializer">Knows the contracts.</param>
    /// <exception cref="BadArgumentsException">The body has another shape.</exception>
    public JobArgumentReader(string job, ReadOnlySpan<byte> body, JobSerializer serializer)
    {
        _job = job;
        _serializer = serializer;
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 64 });
            if (!reader.Read()
                || reader.TokenType != JsonTokenType.StartArray
                || !reader.Read()
                || reader.TokenType != JsonTokenType.StartArray)
            {
                throw Malformed(null);
            }

            _positional = reader;
            reader.Skip();
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw Malformed(null);
            }

            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            _keywords = body[start..(int)reader.BytesConsumed];
            AdvancePositional();
        }
        catch (JsonException cause)
        {
            throw Malformed(cause);
        }
    }

    /// <summary>The next parameter, which has no default.</summary>
    /// <typeparam name="T">The parameter's type.</typeparam>
    /// <param name="name">Its name on the wire, in snake_case.</param>
    /// <exception cref="BadArgumentsException">It is missing, given twice, or of another type.</exception>
    public T Read<T>(string name) =>
        TryRead<T>(name, out var value)
            ? value
            : throw new BadArgumentsException(
                _job, name, $"argument '{name}' is missing; a {Describe<T>()} is expected.");

    /// <summary>The next parameter, which has a default.</summary>
    /// <typeparam name="T">The parameter's type.</typeparam>
    /// <param name="name">Its name on the wire, in snake_case.</param>
    /// <param name="defaultValue">What it is when it is missing.</param>
    /// <exception cref="BadArgumentsException">It is given twice, or of another type.</exception>
    public T Read<T>(string name, T defaultValue) => TryRead<T>(name, out var value) ? value : defaultValue;

    /// <summary>Says that all parameters were read; an argument that is left over is refused.</summary>
    /// <exception cref="BadArgumentsException">There are more arguments than parameters, or a name that no parameter
    /// has.</exception>
    public readonly void End()
    {
        if (!_positionalEnded)
        {
            throw new BadArgumentsException(
                _job, null, "there are more positional arguments than the handler has parameters.");
        }

        if (CountKeywords() > _keywordsUsed)
        {
            throw new BadArgumentsException(
                _job,
                null,
                $"of the keyword arguments {KeywordsBeside([])} only {_keywordsUsed} are parameters of the handler.");
        }
    }

    /// <inheritdoc cref="End()"/>
    /// <param name="parameters">All that were read, for the message.</param>
    public readonly void End(ImmutableArray<JobParameter> parameters)
    {
        var names = CountKeywords() - _keywordsUsed;
        if (!_positionalEnded)
        {
            var given = parameters.Length + CountPositional();
            throw new BadArgumentsException(
                _job,
                null,
                $"arguments given by position: {given}; the handler takes {Listed(parameters)}.")
            {
                Needed = given + names,
            };
        }

        if (names > 0)
        {
            throw new BadArgumentsException(
                _job,
                null,
                $"the handler has no parameter {KeywordsBeside(parameters)}; it takes {Listed(parameters)}.")
            {
                Needed = parameters.Length + names,
            };
        }
    }

    private static string Listed(ImmutableArray<JobParameter> parameters) =>
        parameters.IsEmpty
            ? "none"
            : $"{parameters.Length} ({string.Join(", ", parameters.Select(static parameter => parameter.Name))})";

    /// <summary>Those that no parameter took.</summary>
    private readonly int CountPositional()
    {
        var count = 0;
        var reader = _positional;
        do
        {
            count++;
            reader.Skip();
        }
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray);
        return count;
    }

    private readonly int CountKeywords()
    {
        if (_keywords.Length <= 2)
        {
            return 0;
        }

        var count = 0;
        var reader = new Utf8JsonReader(_keywords);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            count++;
            reader.Skip();
        }

        return count;
    }

    private readonly string KeywordsBeside(ImmutableArray<JobParameter> parameters)
    {
        var names = new List<string>();
        var reader = new Utf8JsonReader(_keywords);
        reader.Read();
        while (names.Count <= NamesShownMax && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = Name(ref reader);
            if (!parameters.Any(parameter => parameter.Name == name))
            {
                names.Add(names.Count == NamesShownMax ? "..." : $"'{JobNames.Shown(name)}'");
            }

            reader.Skip();
        }

        return string.Join(", ", names);
    }

    private bool TryRead<T>(string name, [MaybeNullWhen(false)] out T value)
    {
        var named = FindKeyword(name, out var keyword);
        if (_positionalEnded)
        {
            if (!named)
            {
                value = default;
                return false;
            }

            _keywordsUsed++;
            value = Deserialize<T>(ref keyword, name);
            return true;
        }

        if (named)
        {
            throw new BadArgumentsException(_job, name, $"argument '{name}' is given twice, by position and by name.");
        }

        value = Deserialize<T>(ref _positional, name);
        AdvancePositional();
        return true;
    }

    private readonly T Deserialize<T>(ref Utf8JsonReader reader, string name)
    {
        T? value;
        var contract = _serializer.Contract<T>();
        try
        {
            value = JsonSerializer.Deserialize(ref reader, contract);
        }
        catch (Exception cause) when (ArgumentFault.IsOfTheValue(cause))
        {
            throw new BadArgumentsException(_job, name, $"argument '{name}' {WhatIsWrong<T>(cause)}", cause);
        }

        if (value is null && default(T) is not null)
        {
            throw new BadArgumentsException(_job, name, $"argument '{name}' is null; a {Describe<T>()} is expected.");
        }

        return value!;
    }

    private static string WhatIsWrong<T>(Exception cause)
    {
        var where = cause is JsonException { Path: { Length: > 1 } path } ? $" at {JobNames.Shown(path)}" : "";
        return cause switch
        {
            NumberRangeException => $"holds a number that is too large{where}.",
            JsonException or InvalidOperationException or FormatException or DecoderFallbackException =>
                $"is not a {Describe<T>()}{where}.",

            // What a constructor or a setter of the app says of a value, or System.Text.Json of a type.
            _ => $"is not a {Describe<T>()}: {JobNames.Shown(JobError.From(cause).Message, 300)}",
        };
    }

    private readonly bool FindKeyword(string name, out Utf8JsonReader value)
    {
        value = default;
        if (_keywords.Length <= 2)
        {
            return false;
        }

        var found = false;
        try
        {
            var reader = new Utf8JsonReader(_keywords, new JsonReaderOptions { MaxDepth = 64 });
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var matches = reader.ValueTextEquals(name);
                reader.Read();
                if (matches)
                {
                    if (found)
                    {
                        throw new BadArgumentsException(_job, name, $"keyword argument '{name}' is given twice.");
                    }

                    found = true;
                    value = reader;
                }

                reader.Skip();
            }
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException)
        {
            throw Malformed(cause);
        }

        return found;
    }

    private void AdvancePositional()
    {
        try
        {
            _positionalEnded = !_positional.Read() || _positional.TokenType == JsonTokenType.EndArray;
        }
        catch (JsonException cause)
        {
            throw Malformed(cause);
        }
    }

    private readonly BadArgumentsException Malformed(Exception? cause) =>
        new(_job, null, "the message body is not JSON of the form [args, kwargs, embed].", cause);

    private static string Name(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString() ?? "";
        }
        catch (InvalidOperationException)
        {
            return "(not valid UTF-8)";
        }
    }

    private static string Describe<T>()
    {
        var type = Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T);
        return type switch
        {
            _ when type == typeof(int) => "32-bit integer",
            _ when type == typeof(long) => "64-bit integer",
            _ when type == typeof(double) => "number",
            _ when type == typeof(bool) => "boolean",
            _ when type == typeof(string) => "string",
            _ => type.Name,
        };
    }
}
