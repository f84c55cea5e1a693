using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Lovage.Dashboard.Api;

/// <summary>The contracts of the API: snake_case, times in UTC with milliseconds, null written out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    AllowDuplicateProperties = false,
    MaxDepth = 160,
    Converters = [typeof(UtcConverter)])]
[JsonSerializable(typeof(AuditBody))]
[JsonSerializable(typeof(CatalogBody))]
[JsonSerializable(typeof(ControlBody))]
[JsonSerializable(typeof(ControlDone))]
[JsonSerializable(typeof(Created))]
[JsonSerializable(typeof(Done))]
[JsonSerializable(typeof(EditBody))]
[JsonSerializable(typeof(EnqueueBody))]
[JsonSerializable(typeof(FailureDetail))]
[JsonSerializable(typeof(FailuresBody))]
[JsonSerializable(typeof(HelloBody))]
[JsonSerializable(typeof(Hint))]
[JsonSerializable(typeof(JobDetail))]
[JsonSerializable(typeof(JobDone))]
[JsonSerializable(typeof(JobPageBody))]
[JsonSerializable(typeof(JobsChanged))]
[JsonSerializable(typeof(LocalBody))]
[JsonSerializable(typeof(MetricsBody))]
[JsonSerializable(typeof(MoveBody))]
[JsonSerializable(typeof(NewOperationBody))]
[JsonSerializable(typeof(NewScheduleBody))]
[JsonSerializable(typeof(OperationBody))]
[JsonSerializable(typeof(OperationsBody))]
[JsonSerializable(typeof(OverviewBody))]
[JsonSerializable(typeof(PreviewBody))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(PulseBody))]
[JsonSerializable(typeof(PurgeBody))]
[JsonSerializable(typeof(QueueDetail))]
[JsonSerializable(typeof(QueuesBody))]
[JsonSerializable(typeof(ReasonBody))]
[JsonSerializable(typeof(RunningBody))]
[JsonSerializable(typeof(ScheduleDetail))]
[JsonSerializable(typeof(ScheduleDone))]
[JsonSerializable(typeof(SchedulesBody))]
[JsonSerializable(typeof(Series))]
[JsonSerializable(typeof(SessionBody))]
[JsonSerializable(typeof(SuggestBody))]
[JsonSerializable(typeof(SystemBody))]
[JsonSerializable(typeof(TriggerBody))]
[JsonSerializable(typeof(WorkersBody))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(JsonNode))]
[JsonSerializable(typeof(string))]
internal sealed partial class ApiJson : JsonSerializerContext;

/// <summary>Writes a time as <c>2026-11-30T12:00:00.000Z</c>.</summary>
internal sealed class UtcConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        Span<char> text = stackalloc char[24];
        value.UtcDateTime.TryFormat(
            text, out var length, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        writer.WriteStringValue(text[..length]);
    }
}
