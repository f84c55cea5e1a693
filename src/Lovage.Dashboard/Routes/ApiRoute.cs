using System.Text.Json.Serialization.Metadata;

namespace Lovage.Dashboard.Routes;

/// <summary>One row of the table of routes, from which everything about the route follows.</summary>
internal sealed record ApiRoute
{
    private ApiRoute(string method, string pattern, ConsolePermissions permission, string summary)
    {
        Method = method;
        Pattern = pattern;
        Permission = permission;
        Summary = summary;
    }

    internal string Method { get; }

    /// <summary>Below the API's prefix, without a slash at its beginning.</summary>
    internal string Pattern { get; }

    /// <summary>Its name in metrics.</summary>
    internal string Name => $"{Method} {Pattern}";

    /// <summary>What a person needs; none for a person who may enter.</summary>
    internal ConsolePermissions Permission { get; }

    /// <summary>What it does, for the document of the API.</summary>
    internal string Summary { get; }

    /// <summary>Answers a read; null for a change.</summary>
    internal Func<ApiCall, ValueTask<ApiResult>>? Answer { get; private init; }

    /// <summary>Answers by itself, as a stream does; null for all others.</summary>
    internal Func<ApiCall, Task>? Serve { get; private init; }

    /// <summary>Plans a change; null for a read.</summary>
    internal Func<ApiCall, ValueTask<PlannedChange>>? Plan { get; private init; }

    /// <summary>The word of the audit record of a change.</summary>
    internal string? Action { get; private init; }

    /// <summary>What it answers, for the document.</summary>
    internal JsonTypeInfo? Response { get; private init; }

    /// <summary>What it takes, for the document.</summary>
    internal JsonTypeInfo? Body { get; private init; }

    /// <summary>The status of a success.</summary>
    internal int Status { get; private init; } = 200;

    /// <summary>The parameters of the query, for the document.</summary>
    internal IReadOnlyList<string> Query { get; private init; } = [];

    /// <summary>
    /// True when it changes something: it is missing in a read-only console, and has an audit record.
    /// </summary>
    internal bool IsChange => Plan is not null;

    internal static ApiRoute Get(
        string pattern,
        ConsolePermissions permission,
        string summary,
        JsonTypeInfo response,
        Func<ApiCall, ValueTask<ApiResult>> answer,
        params IReadOnlyList<string> query) =>
        new("GET", pattern, permission, summary) { Answer = answer, Response = response, Query = query };

    /// <summary>A read with a body.</summary>
    internal static ApiRoute Ask(
        string pattern,
        ConsolePermissions permission,
        string summary,
        JsonTypeInfo body,
        JsonTypeInfo response,
        Func<ApiCall, ValueTask<ApiResult>> answer) =>
        new("POST", pattern, permission, summary) { Answer = answer, Response = response, Body = body };

    internal static ApiRoute Stream(
        string pattern, ConsolePermissions permission, string summary, Func<ApiCall, Task> serve,
        params IReadOnlyList<string> query) =>
        new("GET", pattern, permission, summary) { Serve = serve, Query = query };

    internal static ApiRoute Change(
        string method,
        string pattern,
        ConsolePermissions permission,
        string action,
        string summary,
        (JsonTypeInfo Body, JsonTypeInfo Response, int Status) types,
        Func<ApiCall, ValueTask<PlannedChange>> plan) =>
        new(method, pattern, permission, summary)
        {
            Plan = plan,
            Action = action,
            Body = types.Body,
            Response = types.Response,
            Status = types.Status,
        };
}
