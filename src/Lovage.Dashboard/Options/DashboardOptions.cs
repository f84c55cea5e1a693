using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;

namespace Lovage.Dashboard;

/// <summary>How the console and its HTTP API behave at one place of an app.</summary>
public sealed class DashboardOptions
{
    /// <summary>
    /// True to map no route that changes anything; false by default. Requests to such a route are answered with 405.
    /// </summary>
    public bool ReadOnly { get; set; }

    /// <summary>
    /// The address of the logs of one attempt, in which <c>{trace_id}</c>, <c>{job_id}</c>, <c>{attempt}</c>,
    /// <c>{start}</c> and <c>{end}</c> stand for its own values. Null (the default): attempts link to no logs.
    /// </summary>
    [SuppressMessage("Design", "CA1056", Justification = "A template is no address yet.")]
    public string? LogUrl { get; set; }

    /// <summary>
    /// The address of the trace of one job, with the same placeholders as <see cref="LogUrl"/>. Null (the default):
    /// jobs link to no trace.
    /// </summary>
    [SuppressMessage("Design", "CA1056", Justification = "A template is no address yet.")]
    public string? TraceUrl { get; set; }

    /// <summary>
    /// The name of the environment that the pages show. Null (the default): the name of the host's environment.
    /// </summary>
    public string? Environment { get; set; }

    /// <summary>
    /// Says what the person of a request may do. Null (the default): the policies <see cref="ViewPolicy"/>,
    /// <see cref="ViewPayloadsPolicy"/>, <see cref="OperatePolicy"/> and <see cref="AdministerPolicy"/> decide, each
    /// where the app has registered a policy of that name. Where it has not, each person who may enter has the
    /// permission.
    /// </summary>
    /// <remarks>It is called for each request. An exception of it ends the request with 500.</remarks>
    public Func<HttpContext, ValueTask<ConsolePermissions>>? Permissions { get; set; }

    /// <summary>The name of the policy for <see cref="ConsolePermissions.View"/>.</summary>
    public const string ViewPolicy = "Lovage.View";

    /// <summary>The name of the policy for <see cref="ConsolePermissions.ViewPayloads"/>.</summary>
    public const string ViewPayloadsPolicy = "Lovage.ViewPayloads";

    /// <summary>The name of the policy for <see cref="ConsolePermissions.Operate"/>.</summary>
    public const string OperatePolicy = "Lovage.Operate";

    /// <summary>The name of the policy for <see cref="ConsolePermissions.Administer"/>.</summary>
    public const string AdministerPolicy = "Lovage.Administer";
}
