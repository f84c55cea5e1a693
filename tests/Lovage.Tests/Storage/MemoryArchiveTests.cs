using Lovage.Protocol;
using Lovage.Storage.Memory.State;
using Lovage.Storage.Plans;

namespace Lovage.Tests.Storage;

/// <summary>What the memory storage keeps for tags goes with the jobs that have them.</summary>
public sealed class MemoryArchiveTests
{
    [Fact]
    public void Delete_JobsWithTags_LeavesNoTagBehind()
    {
        var state = new MemoryState(TimeProvider.System);
        var all = new JobMark(JobMarkKind.Tag, "all");
        MemoryJob[] jobs = [.. Enumerable.Range(0, 100).Select(i => Add(state, i))];
        Assert.Equal(101, state.Archive.MarkCount);

        // The oldest half first, then the newest first.
        foreach (var job in jobs[..50].Concat(jobs[50..].Reverse()))
        {
            state.Archive.Ended(job);
            state.Archive.Delete(job);
            Assert.DoesNotContain(job, state.Archive.NewestFirst(long.MaxValue, all));
        }

        Assert.Equal(0, state.Archive.MarkCount);
        Assert.Empty(state.Archive.NewestFirst(long.MaxValue, mark: null));
    }

    private static MemoryJob Add(MemoryState state, int number) => state.Add(
        new JobMessage
        {
            Id = JobId.Parse($"job-{number}"),
            Name = "n",
            Queue = "q",
            Body = JobBody.Empty,
            Tags = ["all", $"n:{number}"],
        },
        DateTimeOffset.UnixEpoch);
}
