using System.Collections.Immutable;
using System.Text.Json;
using Lovage.Protocol;
using Lovage.Sqlite.Native;
using Lovage.Sqlite.Writing;

namespace Lovage.Sqlite.Schema;

/// <summary>A message as columns of <c>job</c> or <c>schedule</c>, both ways. Fields that are rarely set share one JSON column.</summary>
internal static class MessageRow
{
    private const int IgnoreResultFlag = 1;
    private const int ChosenIdFlag = 2;

    /// <summary>Binds parameters 2 to 16 of <see cref="Sql.InsertJob"/>, and of a schedule's job.</summary>
    internal static void Bind(SqliteStatement insert, JobMessage message, long name, long queue, long now, long? origin)
    {
        // Whatever can throw comes before the first binding.
        var more = More(message);
        insert.Bind(2, message.Id.Value)
            .Bind(3, name)
            .Bind(4, queue)
            .Bind(5, message.Priority)
            .Bind(6, (message.IgnoreResult ? IgnoreResultFlag : 0L) | (message.HasChosenId ? ChosenIdFlag : 0L))
            .Bind(7, message.Retries)
            .Bind(8, now)
            .Bind(9, message.Delay == TimeSpan.Zero ? null : message.Delay.Ticks)
            .Bind(10, StorageClock.FromTime(message.Eta))
            .Bind(11, StorageClock.FromTime(message.Expires))
            .Bind(12, message.MaxAttempts)
            .BindBlob(13, message.Body.Span)
            .BindSome(14, more)
            .BindSome(15, message.Extra.Span)
            .Bind(16, origin);
    }

    /// <summary>Reads <see cref="Sql.JobColumns"/> from the column given on, or the same of a schedule's job, which needs no id.</summary>
    internal static JobMessage Read(SqliteStatement row, int first, WordLookup words, int? retries)
    {
        var flags = row.Int64(first + 4);
        var message = new JobMessage
        {
            Id = JobId.TryParse(row.Text(first), out var id) ? id : default,
            Name = words.Text(row.Int64(first + 1)),
            Queue = words.Text(row.Int64(first + 2)),
            Priority = row.Int32(first + 3),
            IgnoreResult = (flags & IgnoreResultFlag) != 0,
            HasChosenId = (flags & ChosenIdFlag) != 0,
            Retries = retries ?? row.Int32(first + 5),
            Delay = new TimeSpan(row.Int64(first + 7)),
            Eta = StorageClock.ToTime(row.Int64OrNull(first + 8)),
            Expires = StorageClock.ToTime(row.Int64OrNull(first + 9)),
            MaxAttempts = (int?)row.Int64OrNull(first + 10),
            Body = row.Bytes(first + 11).ToArray(),
            Extra = row.Bytes(first + 13).ToArray(),
            Origin = row.IsNull(first + 14) ? null : words.Text(row.Int64(first + 14)),
        };
        var more = row.Bytes(first + 12);
        return more.IsEmpty ? message : WithMore(message, more);
    }

    private static byte[] More(JobMessage message)
    {
        if (message is { TimeLimit: null, SoftTimeLimit: null, RootId: null, ParentId: null, GroupId: null, GroupIndex: null, ReplyTo: null, Headers.Count: 0 })
        {
            return [];
        }

        return Json.Write(message, static (json, message) =>
        {
            json.WriteStartObject();
            Json.Number(json, "limit"u8, message.TimeLimit?.Ticks);
            Json.Number(json, "soft"u8, message.SoftTimeLimit?.Ticks);
            Json.Text(json, "root"u8, message.RootId);
            Json.Text(json, "parent"u8, message.ParentId);
            Json.Text(json, "group"u8, message.GroupId);
            Json.Number(json, "index"u8, message.GroupIndex);
            Json.Text(json, "reply"u8, message.ReplyTo);
            if (!message.Headers.IsEmpty)
            {
                json.WriteStartObject("headers"u8);
                foreach (var (name, value) in message.Headers)
                {
                    json.WriteString(name, value);
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        });
    }

    private static JobMessage WithMore(JobMessage message, ReadOnlySpan<byte> utf8)
    {
        var json = new Utf8JsonReader(utf8);
        TimeSpan? limit = null;
        TimeSpan? soft = null;
        string? root = null;
        string? parent = null;
        string? group = null;
        string? reply = null;
        int? index = null;
        var headers = message.Headers;
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString();
            json.Read();
            switch (name)
            {
                case "limit":
                    limit = new TimeSpan(json.GetInt64());
                    break;
                case "soft":
                    soft = new TimeSpan(json.GetInt64());
                    break;
                case "root":
                    root = json.GetString();
                    break;
                case "parent":
                    parent = json.GetString();
                    break;
                case "group":
                    group = json.GetString();
                    break;
                case "index":
                    index = json.GetInt32();
                    break;
                case "reply":
                    reply = json.GetString();
                    break;
                case "headers":
                    headers = Headers(ref json);
                    break;
                default:
                    json.Skip();
                    break;
            }
        }

        return message with
        {
            TimeLimit = limit,
            SoftTimeLimit = soft,
            RootId = root,
            ParentId = parent,
            GroupId = group,
            GroupIndex = index,
            ReplyTo = reply,
            Headers = headers,
        };
    }

    private static ImmutableDictionary<string, string> Headers(ref Utf8JsonReader json)
    {
        var headers = ImmutableDictionary.CreateBuilder<string, string>();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString()!;
            json.Read();
            headers[name] = json.GetString() ?? "";
        }

        return headers.ToImmutable();
    }
}
