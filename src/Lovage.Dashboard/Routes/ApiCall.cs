using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Lovage.Dashboard.Sampling;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Lovage.Dashboard.Routes;

/// <summary>One request of the API that may be answered.</summary>
internal sealed class ApiCall(HttpContext context, ConsoleServices console, DashboardOptions options)
{
    /// <summary>The words of the permissions, as the API writes them.</summary>
    private static readonly (ConsolePermissions Permission, string Word)[] Words =
    [
        (ConsolePermissions.View, "view"),
        (ConsolePermissions.ViewPayloads, "view_payloads"),
        (ConsolePermissions.Operate, "operate"),
        (ConsolePermissions.Administer, "administer"),
    ];

    internal HttpContext Context => context;

    internal ConsoleServices Console => console;

    internal DashboardOptions Options => options;

    internal JobInspector Jobs => console.Jobs;

    /// <summary>What the person may do.</summary>
    internal required ConsolePermissions Permissions { get; init; }

    /// <summary>The person's name; null when the app knows none.</summary>
    internal string? User => context.User.Identity is { IsAuthenticated: true, Name: { Length: > 0 } name }
        ? TextCut.Bare(name, 200)
        : null;

    internal bool MayViewPayloads => Permissions.HasFlag(ConsolePermissions.ViewPayloads);

    internal DateTimeOffset Now => console.Time.GetUtcNow();

    internal CancellationToken Aborted => context.RequestAborted;

    internal static IReadOnlyList<string> WordsOf(ConsolePermissions permissions) =>
        [.. Words.Where(row => permissions.HasFlag(row.Permission)).Select(static row => row.Word)];

    /// <summary>A part of the path. A slash in it comes as <c>%2F</c>, which the server leaves as it is.</summary>
    internal string Part(string name) =>
        (context.GetRouteValue(name) as string ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    /// <summary>The job that the path names.</summary>
    /// <exception cref="ApiException">The text is no id.</exception>
    internal JobId JobId() => Lovage.JobId.TryParse(Part("id"), out var id)
        ? id
        : throw new ApiException(
            StatusCodes.Status404NotFound, "There is no such job.", "The path holds no id of a job.");

    /// <summary>A parameter of the query; null when it is missing or empty.</summary>
    internal string? Query(string name) => context.Request.Query[name] is [{ Length: > 0 } value, ..] ? value : null;

    /// <summary>Where a page goes on that tells its place by a number; null for the first page.</summary>
    /// <exception cref="ApiException">It is no number.</exception>
    internal long? AfterNumber() => Query("after") is not { } after ? null
        : long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw Bad("'after' is what the page before gave as 'next'.", "after");

    /// <summary>A number of the query within bounds; the default when it is missing.</summary>
    /// <exception cref="ApiException">It is no number within the bounds.</exception>
    internal int Number(string name, int otherwise, int min, int max)
    {
        var text = Query(name);
        return text is null ? otherwise
            : int.TryParse(text, CultureInfo.InvariantCulture, out var number)
                && number >= min
                && number <= max ? number
            : throw Bad($"'{name}' is a number from {min} to {max:N0}.", name);
    }

    /// <summary>One of the words of a parameter; the first when it is missing.</summary>
    /// <exception cref="ApiException">It is none of them.</exception>
    internal string Word(string name, params ReadOnlySpan<string> words)
    {
        var word = Query(name) ?? words[0];
        return words.Contains(word) ? word : throw Bad($"'{name}' is one of {string.Join(", ", words)}.", name);
    }

    /// <summary>Reads the body.</summary>
    /// <exception cref="ApiException">It is too large, or no JSON of this form.</exception>
    internal async ValueTask<T> BodyAsync<T>(JsonTypeInfo<T> type)
        where T : class
    {
        var bytes = await RequestBody.ReadAsync(context.Request, BodyBytesMax, Aborted);
        try
        {
            return JsonSerializer.Deserialize(bytes.Span, type) ?? throw Bad("The body is null.", null);
        }
        catch (JsonException fault)
        {
            throw Bad($"The body is no JSON of the expected form: {TextCut.Of(fault.Message, 300)}", fault.Path);
        }
    }

    internal static ApiException Bad(string detail, string? field) => new(
        new Api.Problem("The request cannot be understood.", detail, StatusCodes.Status400BadRequest)
        {
            Field = field,
        });

    /// <summary>Arguments may be escaped, which at most doubles what people write.</summary>
    private long BodyBytesMax => Math.Max(256 * 1024, 2L * console.Limits.PayloadBytesMax);
}
