using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;
using Lovage.Dashboard.Sampling;
using Lovage.Dashboard.Search;

namespace Lovage.Dashboard.Endpoints;

/// <summary>Values for a qualifier, from counters, the directory and recent jobs.</summary>
internal sealed class SuggestEndpoint(ConsoleServices console)
{
    private const int ItemsMax = 20;
    private const int RecentMax = 200;

    private readonly Cached<IReadOnlyList<string>> _tags = new(
        console.Time,
        TimeSpan.FromSeconds(5),
        async token => [.. (await console.Jobs.ListAsync(new JobQuery { Limit = RecentMax }, token)).Jobs
            .SelectMany(static job => job.Tags)
            .Distinct(StringComparer.Ordinal)]);

    private readonly Cached<IReadOnlyList<string>> _schedules = new(
        console.Time,
        TimeSpan.FromSeconds(5),
        async token => console.Jobs.DescribeStorage().HasSchedules
            ? [.. (await console.Schedules.ListAsync(null, 1_000, token)).Select(static schedule => schedule.Id)]
            : []);

    internal IEnumerable<ApiRoute> Routes()
    {
        yield return ApiRoute.Get(
            "suggest",
            ConsolePermissions.View,
            "Values for a qualifier of the search, at most 20.",
            ApiJson.Default.SuggestBody,
            SuggestAsync,
            "field", "prefix");
    }

    private async ValueTask<ApiResult> SuggestAsync(ApiCall call)
    {
        var field = call.Word("field", "queue", "name", "tag", "worker", "state", "schedule");
        var prefix = call.Query("prefix") ?? "";
        var values = await ValuesAsync(field, call);
        return ApiResult.Json(
            new SuggestBody(
            [
                .. values.Where(value => value.Contains(prefix, StringComparison.OrdinalIgnoreCase))
                    .OrderByDescending(value => value.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
                    .ThenBy(static value => value, StringComparer.Ordinal)
                    .Take(ItemsMax),
            ]),
            ApiJson.Default.SuggestBody);
    }

    private async ValueTask<IEnumerable<string>> ValuesAsync(string field, ApiCall call)
    {
        var reading = (await console.Sampler.ReadAsync(call.Aborted)).Reading;
        return field switch
        {
            "queue" => reading?.Queues.Select(static queue => queue.Queue) ?? [],
            "name" => (reading?.Counters.Select(static counter => counter.Name) ?? [])
                .Concat((await console.Catalog.AllAsync(call.Aborted)).Keys)
                .Distinct(StringComparer.Ordinal),
            "worker" => reading?.Workers?.Select(static worker => worker.Owner) ?? [],
            "state" => StateWords.Words,
            "schedule" => await _schedules.GetAsync(call.Aborted),
            _ => await _tags.GetAsync(call.Aborted),
        };
    }
}
