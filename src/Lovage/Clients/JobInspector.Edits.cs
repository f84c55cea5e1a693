using System.Buffers;
using System.Text.Json;
using Lovage.Protocol;

namespace Lovage;

public sealed partial class JobInspector
{
    /// <summary>
    /// Enqueues an ended job once more with other arguments: a new job with a new id, and with the name, queue,
    /// priority, limits, tags and headers of the old one. The old job stays as it is.
    /// </summary>
    /// <remarks>
    /// The new job has a fresh set of attempts, belongs to no schedule and to no group, and is due at once. It takes
    /// over no callbacks of the old message. Filters around enqueuing do not see it. The header
    /// <c>lovage_edited_from</c> of the new job names the old one, and <see cref="JobQuery.EditedFrom"/> finds the new
    /// ones of an old job.
    /// </remarks>
    /// <param name="id">The old job.</param>
    /// <param name="arguments">A JSON object: all arguments by name. Or a JSON array: all by position.</param>
    /// <param name="cancellationToken">Gives up waiting; the new job may be stored all the same.</param>
    /// <returns><see cref="ChangeStatus.NotPossible"/> when the old job has not ended.</returns>
    /// <exception cref="BadArgumentsException">The arguments are neither object nor array, or do not fit the handler
    /// where it is known here.</exception>
    /// <exception cref="PayloadTooLargeException">They are larger than the cap.</exception>
    /// <exception cref="QueueFullException">The queue holds too many jobs.</exception>
    public ValueTask<EditResult> RunAgainWithAsync(
        JobId id, JsonElement arguments, CancellationToken cancellationToken = default) =>
        RunAgainWithAsync(id, name => Body(name, arguments), cancellationToken);

    /// <summary>Does the same with a whole body.</summary>
    /// <param name="id">The old job.</param>
    /// <param name="body">UTF-8 JSON: <c>[args, kwargs, embed]</c>.</param>
    /// <param name="cancellationToken">Gives up waiting; the new job may be stored all the same.</param>
    /// <exception cref="BadArgumentsException">The body has another form, or does not fit the handler where it is known
    /// here.</exception>
    /// <inheritdoc cref="RunAgainWithAsync(JobId, JsonElement, CancellationToken)"/>
    public ValueTask<EditResult> RunAgainWithAsync(
        JobId id, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        var copy = body.ToArray();
        return RunAgainWithAsync(id, _ => copy, cancellationToken);
    }

    private async ValueTask<EditResult> RunAgainWithAsync(
        JobId id, Func<string, byte[]> body, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken) is not { } old)
        {
            return new EditResult(ChangeStatus.Unknown, null, default);
        }

        if (!old.IsFinal)
        {
            return new EditResult(ChangeStatus.NotPossible, old.State, default);
        }

        var message = _messages.Edited(old.Message, body(old.Name));
        await _sender.SendAsync(message, transaction: null, cancellationToken);
        return new EditResult(ChangeStatus.Changed, old.State, message.Id);
    }

    private static byte[] Body(string name, JsonElement arguments)
    {
        if (arguments.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
        {
            throw new BadArgumentsException(
                name, null, $"the arguments are a JSON object or array, and here they are {arguments.ValueKind}.");
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            var isByName = arguments.ValueKind == JsonValueKind.Object;
            json.WriteStartArray();
            Write(json, isByName ? null : arguments, isArray: true);
            Write(json, isByName ? arguments : null, isArray: false);
            json.WriteRawValue(JobBody.EmptyEmbed, skipInputValidation: true);
            json.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, JsonElement? value, bool isArray)
    {
        if (value is { } some)
        {
            some.WriteTo(json);
        }
        else if (isArray)
        {
            json.WriteStartArray();
            json.WriteEndArray();
        }
        else
        {
            json.WriteStartObject();
            json.WriteEndObject();
        }
    }
}
