using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Lovage.AspNetCore;

/// <summary>
/// An app without Lovage takes a BackgroundTasks parameter for the body of a request. The error of this converter says
/// what to add.
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
        throw new InvalidOperationException(
            "BackgroundTasks cannot be an answer: return something else from the endpoint.");
}
