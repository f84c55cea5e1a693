using Lovage.Dashboard.Api;

namespace Lovage.Dashboard.Routes;

/// <summary>
/// A change that a route is about to make. The pipeline writes its audit record, then calls the effect.
/// </summary>
/// <param name="Target">To what, as <c>job:0198...</c> or <c>queue:mail</c>.</param>
/// <param name="Effect">Makes the change.</param>
internal sealed record PlannedChange(string Target, Func<CancellationToken, Task<ApiResult>> Effect)
{
    /// <summary>What holds before, for a person; null when it does not apply.</summary>
    internal string? Before { get; init; }

    /// <summary>What holds afterwards, for a person; null when it does not apply.</summary>
    internal string? After { get; init; }

    /// <summary>Why, in the person's words; null when nothing was said.</summary>
    internal string? Reason { get; init; }

    /// <summary>A change that answers with a sentence.</summary>
    internal static Func<CancellationToken, Task<ApiResult>> Saying(Func<CancellationToken, Task<string>> effect) =>
        async token => ApiResult.Json(new Done(await effect(token)), ApiJson.Default.Done);
}
