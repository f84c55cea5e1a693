using System.Diagnostics;
using System.Globalization;
using System.Text;
using Lovage.Faults.Harness;
using Lovage.Faults.Node;
using Xunit;

namespace Lovage.Faults;

/// <summary>SIGSTOP and SIGCONT: a worker that outlives its lease, and one that does not.</summary>
public abstract class PauseFaults
{
    private const int StaleOutcome = 2005;

    protected abstract StorageUnderTest NewStorage();

    /// <summary>How often a worker is paused past its lease in a long run.</summary>
    protected virtual int Long => 200;

    [Fact]
    public async Task Pause_PastTheLease_RefusesTheLateOutcome()
    {
        var rounds = FaultLab.IsLong ? Long : 4;
        await using var lab = await FaultLab.OpenAsync(NewStorage());
        var shape = new WorkerShape { Concurrency = 2 };
        NodeProcess[] workers = [lab.StartWorker(shape), lab.StartWorker(shape)];
        var (slowestCancel, slowestTakeOver, blocked) = (TimeSpan.Zero, TimeSpan.Zero, 0);
        for (var round = 0; round < rounds;)
        {
            var id = await lab.EnqueueOneAsync(lab.Hold(WhenCancelled.Finish));
            var start = await lab.StartedAsync(id);
            var (paused, other) = start.Process == workers[0].Id ? (workers[0], workers[1]) : (workers[1], workers[0]);
            var refused = paused.Count(StaleOutcome);
            paused.Stop();
            var stopped = Stopwatch.GetTimestamp();
            if (!await TakesOverAsync(lab, id, other))
            {
                // A process that is stopped in the middle of a write keeps the other processes of the file from
                // writing. No fence is tried then.
                Assert.True(++blocked <= 1 + (rounds / 10), $"{other.Name} took nothing over in {blocked} rounds.");
                lab.OpenGate(id, paused);
                lab.OpenGate(id, other);
                paused.Continue();
                await lab.QuiesceAsync(TimeSpan.FromSeconds(30));
                continue;
            }

            var takeOver = Stopwatch.GetElapsedTime(
                stopped, lab.Journal.Of(id, "start").Single(line => line.Process == other.Id).At);

            // In turn: the late outcome comes after the other's, and while the other still runs.
            var afterOther = round % 2 == 0;
            if (afterOther)
            {
                await EndsAsync(lab, id, other);
            }

            var resumed = Stopwatch.GetTimestamp();
            paused.Continue();
            await lab.UntilAsync(
                "the late outcome is refused", TimeSpan.FromSeconds(30), () => paused.Count(StaleOutcome) > refused);
            if (!afterOther)
            {
                Assert.Equal(JobState.Running, (await lab.RecordAsync(id)).State);
                await EndsAsync(lab, id, other);
            }

            var cancelled = Assert.Single(lab.Journal.Of(id, "cancelled"));
            Assert.Equal(paused.Id, cancelled.Process);
            Assert.Equal(nameof(JobCancellationReason.LeaseLost), cancelled.Detail);
            Assert.Contains(paused.Events, line => line.StartsWith("2005 ", StringComparison.Ordinal)
                && line.Contains(id.Value, StringComparison.Ordinal));
            var record = await lab.RecordAsync(id);
            Assert.Equal(other.Id.ToString(CultureInfo.InvariantCulture), Encoding.UTF8.GetString(record.Result.Span));
            Assert.Equal(JobState.Succeeded, record.State);
            slowestCancel = Max(slowestCancel, Stopwatch.GetElapsedTime(resumed, cancelled.At));
            slowestTakeOver = Max(slowestTakeOver, takeOver);
            round++;
        }

        await lab.QuiesceAsync(TimeSpan.FromSeconds(30));
        var verdict = await lab.JudgeAsync();
        FaultLab.Print(
            $"{rounds} pauses past a lease of {shape.Lease.TotalSeconds:0.#} s: {rounds} late outcomes refused; "
                + $"{verdict}; taken over within {slowestTakeOver.TotalSeconds:0.00} s of the pause, token cancelled "
                + $"within {slowestCancel.TotalSeconds:0.00} s of the resume; {blocked} rounds repeated");
        verdict.IsSound();
        Assert.InRange(slowestCancel.TotalSeconds, 0, 1);

        // A round that is repeated may have an outcome that is refused, too.
        Assert.InRange(workers.Sum(static worker => worker.Count(StaleOutcome)), rounds, rounds + blocked);
    }

    [Fact]
    public async Task Pause_OfHalfALease_RepeatsNothing()
    {
        var rounds = FaultLab.IsLong ? 50 : 3;
        await using var lab = await FaultLab.OpenAsync(NewStorage());
        var shape = new WorkerShape { Concurrency = 2, Lease = TimeSpan.FromSeconds(4) };
        NodeProcess[] workers = [lab.StartWorker(shape), lab.StartWorker(shape)];
        for (var round = 0; round < rounds; round++)
        {
            var id = await lab.EnqueueOneAsync(lab.Hold(WhenCancelled.Finish));
            var start = await lab.StartedAsync(id);
            var paused = workers.Single(worker => worker.Id == start.Process);
            paused.Stop();
            await Task.Delay(shape.Lease / 2, TestContext.Current.CancellationToken);
            paused.Continue();
            foreach (var worker in workers)
            {
                lab.OpenGate(id, worker);
            }

            await lab.QuiesceAsync(TimeSpan.FromSeconds(30));
        }

        var verdict = await lab.JudgeAsync();
        FaultLab.Print($"{rounds} pauses of half a lease of {shape.Lease.TotalSeconds:0.#} s: {verdict}");
        verdict.IsSound();
        Assert.Equal(0, verdict.ExtraStarts);
        Assert.DoesNotContain(workers, static worker => worker.Count(StaleOutcome) > 0);
    }

    private static async Task EndsAsync(FaultLab lab, JobId id, NodeProcess node)
    {
        lab.OpenGate(id, node);
        await lab.UntilAsync(
            "the job is recorded as succeeded",
            TimeSpan.FromSeconds(30),
            async () => (await lab.RecordAsync(id)).State == JobState.Succeeded);
    }

    private static async Task<bool> TakesOverAsync(FaultLab lab, JobId id, NodeProcess other)
    {
        try
        {
            await lab.StartedAsync(id, other, TimeSpan.FromSeconds(8));
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
