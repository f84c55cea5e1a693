using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Dashboard.Access;

/// <summary>Says what the person of a request may do: by the app's delegate, or by the app's policies.</summary>
internal sealed class PermissionCheck(DashboardOptions options)
{
    private static readonly (string Policy, ConsolePermissions Permission)[] Policies =
    [
        (DashboardOptions.ViewPolicy, ConsolePermissions.View),
        (DashboardOptions.ViewPayloadsPolicy, ConsolePermissions.ViewPayloads),
        (DashboardOptions.OperatePolicy, ConsolePermissions.Operate),
        (DashboardOptions.AdministerPolicy, ConsolePermissions.Administer),
    ];

    internal async ValueTask<ConsolePermissions> OfAsync(HttpContext context)
    {
        if (options.Permissions is { } own)
        {
            return await own(context) & ConsolePermissions.All;
        }

        var services = context.RequestServices;
        if (services.GetService<IAuthorizationPolicyProvider>() is not { } policies
            || services.GetService<IPolicyEvaluator>() is not { } evaluator)
        {
            return ConsolePermissions.All;
        }

        var granted = ConsolePermissions.None;
        foreach (var (name, permission) in Policies)
        {
            if (await policies.GetPolicyAsync(name) is not { } policy
                || await IsMetAsync(evaluator, policy, context))
            {
                granted |= permission;
            }
        }

        return granted;
    }

    /// <summary>
    /// A policy with schemes of its own authenticates by them, and leaves the request's user as it was.
    /// </summary>
    private static async ValueTask<bool> IsMetAsync(
        IPolicyEvaluator evaluator, AuthorizationPolicy policy, HttpContext context)
    {
        var user = context.User;
        try
        {
            var authenticated = await evaluator.AuthenticateAsync(policy, context);
            return (await evaluator.AuthorizeAsync(policy, authenticated, context, context)).Succeeded;
        }
        finally
        {
            context.User = user;
        }
    }
}
