using System.Text.Json.Serialization;

namespace Lovage;

/// <summary>One call of AddWorker.</summary>
internal sealed record WorkerRegistration(Action<WorkerOptions> Configure);

/// <summary>One call of AddFilter.</summary>
internal sealed record FilterRegistration(Type Type);

/// <summary>One call of AddJsonContext.</summary>
internal sealed record JsonContextRegistration(JsonSerializerContext Context);

/// <summary>A job for the start or the stop of the app.</summary>
internal sealed record LifetimeJob(Job Job, bool AtStart);

/// <summary>One call of OnTaskFailure.</summary>
internal sealed record TaskFailureRegistration(Action<TaskFailure> Handle);

/// <summary>One call of AddSchedule, or one schedule of a catalog.</summary>
/// <param name="Definition">The schedule.</param>
/// <param name="Catalog">The name of its catalog; null when it belongs to the app.</param>
internal sealed record ScheduleRegistration(ScheduleDefinition Definition, string? Catalog = null);
