using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;
using Lovage.Dashboard.Search;
using Lovage.Dashboard.Views;

namespace Lovage.Dashboard.Endpoints;

/// <summary>Who asks, and what this console can.</summary>
internal static class SessionEndpoints
{
    internal static IEnumerable<ApiRoute> Routes(OverviewView overview)
    {
        yield return ApiRoute.Get(
            "session",
            ConsolePermissions.None,
            "Who asks, what they may do, and what this console can.",
            ApiJson.Default.SessionBody,
            call => SessionAsync(call, overview));
    }

    internal static Features Features(JobInspector jobs)
    {
        var storage = jobs.DescribeStorage();
        return new Features
        {
            History = storage.HasHistory,
            Workers = storage.HasWorkers,
            Schedules = storage.HasSchedules,
            Control = storage.HasControl,
            Audit = storage.HasAudit,
            Operations = storage.HasOperations,
            Qualifiers = Qualifiers.Of(Answered(jobs, storage)),
        };
    }

    /// <summary>The qualifiers of the storage; none while it is not open.</summary>
    private static JobQualifiers Answered(JobInspector jobs, StorageInfo storage)
    {
        try
        {
            return storage.HasHistory ? jobs.Qualifiers : JobQualifiers.None;
        }
        catch (StorageException)
        {
            return JobQualifiers.None;
        }
    }

    private static ValueTask<ApiResult> SessionAsync(ApiCall call, OverviewView overview)
    {
        var mayView = call.Permissions.HasFlag(ConsolePermissions.View);
        return new(ApiResult.Json(
            new SessionBody
            {
                User = call.User,
                Permissions = ApiCall.WordsOf(call.Permissions),
                ReadOnly = call.Options.ReadOnly,
                Environment = call.Options.Environment ?? call.Console.Environment.EnvironmentName,
                App = call.Console.Environment.ApplicationName,
                Version = Sampling.ConsoleServices.Version,
                Storage = mayView ? overview.Storage(call.Console.Sampler.State) : null,
                Features = Features(call.Jobs),
                LogUrl = mayView ? call.Options.LogUrl : null,
                TraceUrl = mayView ? call.Options.TraceUrl : null,
                Now = call.Now,
                Stream = "api/stream",
            },
            ApiJson.Default.SessionBody));
    }
}
