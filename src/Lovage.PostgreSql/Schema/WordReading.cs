using Lovage.PostgreSql.Commands;
using Lovage.Protocol;
using Lovage.Storage;
using Npgsql;

namespace Lovage.PostgreSql.Schema;

/// <summary>Reads the messages of one look, whose words come as numbers.</summary>
/// <remarks>
/// To join three texts to each row takes a fifth of the server's time for a claim, and this process knows nearly all of
/// them.
/// </remarks>
internal sealed class WordReading
{
    private readonly Words _words;
    private readonly Row _row;
    private readonly NpgsqlDataReader _reader;
    private readonly List<(int Name, int Queue, int? Origin)> _numbers = [];
    private readonly HashSet<int> _missing = [];

    internal WordReading(Words words, NpgsqlDataReader reader)
    {
        _words = words;
        _reader = reader;
        _row = new Row(reader, Text);
    }

    /// <summary>
    /// Reads <see cref="MessageRow.NumberedColumns"/> from the first column on; <see cref="CompleteAsync"/> brings the
    /// words that this process does not know.
    /// </summary>
    internal JobMessage Read(int retries)
    {
        _numbers.Add((_reader.GetInt32(1), _reader.GetInt32(2), _reader.Int32OrNull(MessageColumns.Count - 1)));
        return MessageColumns.Read(_row, 0, retries);
    }

    /// <summary>Looks up the missing words, once the rows are read, and puts them into the deliveries.</summary>
    /// <param name="connection">The connection that the rows came by.</param>
    /// <param name="deliveries">A delivery for each message that was read, in that order.</param>
    internal async ValueTask CompleteAsync(NpgsqlConnection connection, List<Delivery> deliveries)
    {
        if (_missing.Count == 0)
        {
            return;
        }

        var found = await _words.TextsAsync(connection, _missing, CancellationToken.None);
        for (var i = 0; i < deliveries.Count; i++)
        {
            var (name, queue, origin) = _numbers[i];
            var message = deliveries[i].Message;
            deliveries[i] = deliveries[i] with
            {
                Message = message with
                {
                    Name = found.GetValueOrDefault(name, message.Name),
                    Queue = found.GetValueOrDefault(queue, message.Queue),
                    Origin = origin is { } number ? found.GetValueOrDefault(number, message.Origin!) : message.Origin,
                },
            };
        }
    }

    private string Text(int number)
    {
        if (_words.TryText(number, out var text))
        {
            return text;
        }

        _missing.Add(number);
        return "";
    }
}
