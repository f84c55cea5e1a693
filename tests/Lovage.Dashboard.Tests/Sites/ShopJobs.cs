using Lovage.Generated;

namespace Shop;

/// <summary>Code of an app, outside of Lovage's namespaces.</summary>
internal static class ShopJobs
{
    internal static ValueTask FailAsync(JobInvocation invocation) => throw new InvalidOperationException("No server.");
}
