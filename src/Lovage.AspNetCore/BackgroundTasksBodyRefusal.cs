using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Lovage.AspNetCore;

/// <summary>
/// Where an app without Lovage takes a BackgroundTasks parameter for the body of a request, this says what to add
/// instead.
/// </summary>
[SuppressMessage("Performance", "CA1812", Justification = "Made by the JSON serializer.")]
internal sealed class BackgroundTasksBodyRefusal : JsonConverter<BackgroundTasks>
{
    internal const string HowToAdd =
        "BackgroundTasks needs Lovage: add builder.AddLovage(); before builder.Build() in Program.cs (or "
            + "AddLovage().AddBackgroundTasks() on a builder that is not a WebApplicationBuilder).";

    public override BackgroundTasks Read(
        ref Utf8JsonReader reader,
        Type typeToConvert,
        JsonSerializerOptions options) => throw new InvalidOperationException(HowToAdd);

    public override void Write(Utf8JsonWriter writer, BackgroundTasks value, JsonSerializerOptions options) =>
        throw new InvalidOperationException("BackgroundTasks is no answer: return something else from the endpoint.");
}
