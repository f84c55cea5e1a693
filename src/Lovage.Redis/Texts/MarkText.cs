using Lovage.Storage.Plans;

namespace Lovage.Redis.Texts;

/// <summary>The name of the sorted set of the jobs that have a mark.</summary>
internal static class MarkText
{
    internal static string Write(JobMarkKind kind, string text) =>
        kind switch
        {
            JobMarkKind.Tag => "tag:",
            JobMarkKind.Root => "root:",
            JobMarkKind.Schedule => "schedule:",
            _ => "edited:",
        } + text;
}
