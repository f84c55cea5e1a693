using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Lovage.AspNetCore;

/// <summary>How the middleware of time limits answers a request whose time was up.</summary>
internal static class TimeLimit
{
    /// <summary>True when it may have given this status: the policy's, or any that the policy's code sets.</summary>
    internal static bool Answers(HttpContext context, int status)
    {
        var policy = PolicyOf(context);
        return policy?.WriteTimeoutResponse is not null
            || status == (policy?.TimeoutStatusCode ?? StatusCodes.Status504GatewayTimeout);
    }

    private static RequestTimeoutPolicy? PolicyOf(HttpContext context)
    {
        var metadata = context.GetEndpoint()?.Metadata;
        if (metadata?.GetMetadata<RequestTimeoutPolicy>() is { } own)
        {
            return own;
        }

        var limit = metadata?.GetMetadata<RequestTimeoutAttribute>();
        var options = context.RequestServices.GetRequiredService<IOptions<RequestTimeoutOptions>>().Value;
        return limit is null ? options.DefaultPolicy
            : limit.PolicyName is { } name && options.Policies.TryGetValue(name, out var named) ? named
            : null;
    }
}
