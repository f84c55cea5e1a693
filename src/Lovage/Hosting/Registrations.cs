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

/// <summary>One call of AddSchedule.</summary>
internal sealed record ScheduleRegistration(ScheduleDefinition Definition);
