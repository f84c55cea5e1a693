using System.Runtime.InteropServices;
using Lovage.Dashboard.Api;
using Lovage.Dashboard.Routes;
using Lovage.Dashboard.Views;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Lovage.Dashboard.Endpoints;

/// <summary>The storage, the limits in force, the jobs of this process, and its health.</summary>
internal static class SystemEndpoints
{
    private static readonly TimeSpan HealthLimit = TimeSpan.FromSeconds(5);

    internal static IEnumerable<ApiRoute> Routes(OverviewView overview)
    {
        yield return ApiRoute.Get(
            "system",
            ConsolePermissions.View,
            "The storage, the limits in force, the jobs of this process, and its health.",
            ApiJson.Default.SystemBody,
            call => SystemAsync(call, overview));
    }

    private static async ValueTask<ApiResult> SystemAsync(ApiCall call, OverviewView overview)
    {
        var console = call.Console;
        return ApiResult.Json(
            new SystemBody
            {
                Storage = overview.Storage(await console.Sampler.ReadAsync(call.Aborted)),
                Warnings = call.Jobs.DescribeStorage().Warnings,
                Limits = LimitRows.Of(console.Lovage),
                Jobs =
                [
                    .. console.Registry.Jobs.Select(static job => new RegisteredJob(
                        job.Name,
                        job.Handler,
                        job.Queue,
                        job.MaxAttempts ?? job.Retry?.MaxAttempts,
                        RetryWords.Of(job.Retry))),
                ],
                Health = await HealthAsync(call),
                Runtime = new RuntimeBody(
                    RuntimeInformation.FrameworkDescription,
                    RuntimeInformation.OSDescription,
                    Environment.ProcessorCount,
                    Math.Round(Environment.WorkingSet / 1_048_576.0, 1)),
                Features = SessionEndpoints.Features(call.Jobs),
            },
            ApiJson.Default.SystemBody);
    }

    /// <summary>The checks of Lovage alone: those of the app may be slow, and are not ours to tell.</summary>
    private static async Task<IReadOnlyList<HealthRow>> HealthAsync(ApiCall call)
    {
        if (call.Console.App.GetService<HealthCheckService>() is not { } health)
        {
            return [];
        }

        using var limit = new CancellationTokenSource(HealthLimit, call.Console.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, call.Aborted);
        try
        {
            var report = await health.CheckHealthAsync(
                static check => check.Name.StartsWith("Lovage.", StringComparison.Ordinal), both.Token);
            return
            [
                .. report.Entries.OrderBy(static entry => entry.Key, StringComparer.Ordinal)
                    .Select(static entry => new HealthRow(
                        entry.Key,
                        entry.Value.Status.ToString(),
                        entry.Value.Data.GetValueOrDefault("reason") as string ?? entry.Value.Description)),
            ];
        }
        catch (OperationCanceledException) when (!call.Aborted.IsCancellationRequested)
        {
            return [new HealthRow("Lovage", "Unknown", "The checks have not ended within 5 s.")];
        }
    }
}
