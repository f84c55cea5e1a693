using System.Text;
using System.Text.Json;
using Lovage.Protocol;

namespace Lovage.Tests.Protocol;

/// <summary>Compares a captured header map with the model and with what is written again.</summary>
internal static class HeaderAssert
{
    /// <summary>What Celery 5.6 writes and 5.2 does not know.</summary>
    private static readonly string[] Newer = ["replaced_task_nesting", "stamped_headers", "stamps"];

    /// <summary>Notes of the broker on one delivery, and the compression that is undone.</summary>
    private static readonly string[] Dropped =
        [
            "compression",
            "redelivered",
            "x-delivery-count",
            "x-death",
            "x-first-death-exchange",
            "x-first-death-queue",
            "x-first-death-reason",
        ];

    internal static void Means(JsonElement headers, JobMessage message)
    {
        Assert.Equal(headers.GetProperty("id").GetString(), message.Id.Value);
        Assert.Equal(headers.GetProperty("task").GetString(), message.Name);
        Assert.Equal(headers.GetProperty("retries").GetInt32(), message.Retries);
        Assert.Equal(Time(headers.GetProperty("eta")), message.Eta);
        Assert.Equal(Time(headers.GetProperty("expires")), message.Expires);
        Assert.Equal(headers.GetProperty("group").GetString(), message.GroupId);
        Assert.Equal(
            headers.GetProperty("group_index") is { ValueKind: JsonValueKind.Number } index ? index.GetInt32() : null,
            message.GroupIndex);
        Assert.Equal(headers.GetProperty("root_id").GetString(), message.RootId ?? message.Id.Value);
        Assert.Equal(headers.GetProperty("parent_id").GetString(), message.ParentId);
        Assert.Equal(headers.GetProperty("origin").GetString(), message.Origin);
        Assert.Equal(headers.GetProperty("ignore_result").GetBoolean(), message.IgnoreResult);
        Assert.Equal(Seconds(headers.GetProperty("timelimit")[0]), message.TimeLimit);
        Assert.Equal(Seconds(headers.GetProperty("timelimit")[1]), message.SoftTimeLimit);
        Assert.Null(message.MaxAttempts);
        Assert.Equal(0, message.Parameters);
        Assert.Empty(message.Tags);
        Assert.Empty(message.SensitiveParameters);
        Assert.Equal(TimeSpan.Zero, message.Delay);
    }

    /// <summary>
    /// Each captured header is written again with the same value, and nothing besides but what 5.6 has over 5.2.
    /// </summary>
    internal static void WrittenAgain(JsonElement captured, JsonElement written)
    {
        foreach (var header in captured.EnumerateObject().Where(h => !Dropped.Contains(h.Name)))
        {
            Assert.True(written.TryGetProperty(header.Name, out var value), $"header {header.Name} is lost");
            var same = header.Name is "eta" or "expires"
                ? Time(header.Value) == Time(value)
                : header.Name == "timelimit" && header.Value.ValueKind == JsonValueKind.Null
                    || JsonElement.DeepEquals(header.Value, value);
            Assert.True(same, $"header {header.Name}: {header.Value.GetRawText()} became {value.GetRawText()}");
        }

        var more = written.EnumerateObject().Select(h => h.Name).Except(captured.EnumerateObject().Select(h => h.Name));
        Assert.Empty(more.Except(Newer));
    }

    internal static void SameMessage(JobMessage expected, JobMessage actual)
    {
        // Byte memory compares by reference, so the bytes are compared apart.
        Assert.Equal(Comparable(expected), Comparable(actual));
        Assert.Equal(Encoding.UTF8.GetString(expected.Body.Span), Encoding.UTF8.GetString(actual.Body.Span));
        Assert.Equal(expected.Headers.OrderBy(h => h.Key), actual.Headers.OrderBy(h => h.Key));
        Assert.Equal(expected.Tags, actual.Tags);
    }

    /// <summary>
    /// The fields that the first message of a chain of carriers may have had by default are there in the second.
    /// </summary>
    internal static void SameExtra(JobMessage first, JobMessage second)
    {
        var before = first.Extra.IsEmpty ? Vectors.Json("{}"u8.ToArray()) : Vectors.Json(first.Extra);
        var after = Vectors.Json(second.Extra);
        foreach (var field in before.EnumerateObject())
        {
            Assert.True(
                after.TryGetProperty(field.Name, out var value) && JsonElement.DeepEquals(field.Value, value),
                $"{field.Name} changed");
        }

        Assert.Empty(after.EnumerateObject()
            .Select(f => f.Name)
            .Except(before.EnumerateObject().Select(f => f.Name))
            .Except(["argsrepr", "kwargsrepr"]));
    }

    private static JobMessage Comparable(JobMessage message) =>
        message with
        {
            Body = default,
            Extra = default,
            Tags = [],
            Headers = System.Collections.Immutable.ImmutableDictionary<string, string>.Empty,
        };

    private static DateTimeOffset? Time(JsonElement value) => value.GetString() is { } text
        ? DateTimeOffset.Parse(
            text,
            System.Globalization.CultureInfo.InvariantCulture,
            System.Globalization.DateTimeStyles.AssumeUniversal)
        : null;

    private static TimeSpan? Seconds(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number ? TimeSpan.FromSeconds(value.GetDouble()) : null;
}
