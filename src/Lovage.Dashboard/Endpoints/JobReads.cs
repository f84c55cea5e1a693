using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;
using Lovage.Dashboard.Search;
using Lovage.Dashboard.Views;

namespace Lovage.Dashboard.Endpoints;

/// <summary>Finding and reading jobs.</summary>
internal static class JobReads
{
    /// <summary>Matches are counted up to here.</summary>
    private const int CountMax = 10_000;

    internal static IEnumerable<ApiRoute> Routes(JobDetailView details)
    {
        yield return ApiRoute.Get(
            "jobs",
            ConsolePermissions.View,
            "A page of jobs, newest first, by a search such as queue:mail state:failed since:2h.",
            ApiJson.Default.JobPageBody,
            ListAsync,
            "q", "after", "limit");
        yield return ApiRoute.Get(
            "jobs/{id}",
            ConsolePermissions.View,
            "All that is known of one job.",
            ApiJson.Default.JobDetail,
            async call => await details.FindAsync(call.JobId(), call.MayViewPayloads, call.Aborted) is { } job
                ? ApiResult.Json(job, ApiJson.Default.JobDetail)
                : ApiResult.NotFound("job"));
        yield return ApiRoute.Get(
            "running",
            ConsolePermissions.View,
            "The jobs that have been running for the longest time, beside their usual duration.",
            ApiJson.Default.RunningBody,
            RunningAsync);
    }

    private static async ValueTask<ApiResult> ListAsync(ApiCall call)
    {
        var limit = call.Number("limit", 50, 1, 200);
        var search = SearchParser.Parse(call.Query("q"), call.Now, call.Jobs.Qualifiers);
        return ApiResult.Json(
            search.Id is { } id
                ? await OneAsync(call, id, search.Query)
                : await PageAsync(call, search.Query with { Limit = limit, After = call.Query("after") }),
            ApiJson.Default.JobPageBody);
    }

    private static async ValueTask<JobPageBody> OneAsync(ApiCall call, JobId id, JobQuery query)
    {
        var isAlone = SearchText.Of(query).Length == 0;
        return await call.Jobs.FindAsync(id, call.Aborted) is { } job
            ? new JobPageBody([JobView.Row(job, call.Now)], null)
            {
                Count = new Bounded(1, true),
                Job = id.Value,
                Note = isAlone ? null : "An id names one job; the other qualifiers were not used.",
            }
            : new JobPageBody([], null)
            {
                Count = new Bounded(0, true),
                Note = $"No job has the id {JobNames.Shown(id.Value)}. To search, write qualifier:value, such as "
                    + "name:mail.send.",
            };
    }

    private static async ValueTask<JobPageBody> PageAsync(ApiCall call, JobQuery query)
    {
        var page = await call.Jobs.ListAsync(query, call.Aborted);
        var isFirst = query.After is null;
        var fits = page.Next is null && !page.IsPartial;
        return new JobPageBody([.. page.Jobs.Select(job => JobView.Row(job, call.Now))], page.Next)
        {
            Count = !isFirst ? null
                : fits ? new Bounded(page.Jobs.Count, true)
                : query.ArgumentText is null ? Bounded.Of(await call.Jobs.CountAsync(query, CountMax, call.Aborted))
                : null,
            Note = page.IsPartial
                ? $"args: has looked at the newest {CountMax:N0} jobs that match the rest; older ones may match too."
                : null,
        };
    }

    private static async ValueTask<ApiResult> RunningAsync(ApiCall call)
    {
        var usual = await call.Console.Facts.UsualAsync(call.Aborted);
        var running = await call.Console.Facts.RunningAsync(call.Aborted);
        return ApiResult.Json(
            new RunningBody([.. running.Select(job => JobView.Running(job, usual, call.Now))]),
            ApiJson.Default.RunningBody);
    }
}
