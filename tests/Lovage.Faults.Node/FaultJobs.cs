using System.Diagnostics;

namespace Lovage.Faults.Node;

/// <summary>What a held job does when its token is cancelled.</summary>
public enum WhenCancelled
{
    /// <summary>Throws, as a well-behaved handler does.</summary>
    Stop = 0,

    /// <summary>Returns as if it had done its work.</summary>
    Finish = 1,

    /// <summary>Goes on.</summary>
    Ignore = 2,
}

/// <summary>
/// The jobs that are run while processes are killed, stopped and starved. Each writes into the journal what became of
/// its attempt.
/// </summary>
public sealed class FaultJobs(Journal journal)
{
    private static readonly TimeSpan GateInterval = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// The gate that a held job waits for: a file for each job and process, so that a test lets one attempt go and not
    /// the other.
    /// </summary>
    public static string Gate(string folder, JobId id, int process) => Path.Combine(folder, $"{id}.{process}");

    /// <summary>Takes some milliseconds.</summary>
    [Job("work")]
    public async Task WorkAsync(int milliseconds, JobContext context, CancellationToken cancellationToken)
    {
        journal.Start(context);
        try
        {
            await Task.Delay(milliseconds, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            journal.Cancelled(context);
            throw;
        }

        journal.Finish(context);
    }

    /// <summary>Runs until the test opens its gate.</summary>
    /// <returns>The id of the process that ran it.</returns>
    [Job("hold")]
    public async Task<int> HoldAsync(
        string folder, int whenCancelled, JobContext context, CancellationToken cancellationToken)
    {
        journal.Start(context);
        var heard = false;
        using var timer = new PeriodicTimer(GateInterval);
        while (!File.Exists(Gate(folder, context.Id, Environment.ProcessId)))
        {
            if (cancellationToken.IsCancellationRequested && !heard)
            {
                heard = true;
                journal.Cancelled(context);
                if ((WhenCancelled)whenCancelled == WhenCancelled.Stop)
                {
                    throw new OperationCanceledException(cancellationToken);
                }

                if ((WhenCancelled)whenCancelled == WhenCancelled.Finish)
                {
                    break;
                }
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }

        journal.Finish(context);
        return Environment.ProcessId;
    }

    /// <summary>Blocks a thread of the pool.</summary>
    [Job("block")]
    public void Block(int milliseconds, JobContext context, CancellationToken cancellationToken)
    {
        journal.Start(context);
        cancellationToken.WaitHandle.WaitOne(milliseconds);
        journal.Finish(context);
    }

    /// <summary>Never ends and never looks at its token.</summary>
    [Job("spin", MaxAttempts = 1, TimeLimitSeconds = 1)]
    public void Spin(JobContext context, CancellationToken cancellationToken) => SpinForEver(context);

    /// <summary>The same on a thread of its own.</summary>
    [Job("spin_apart", MaxAttempts = 1, TimeLimitSeconds = 1, Execution = JobExecution.DedicatedThread)]
    public void SpinApart(JobContext context, CancellationToken cancellationToken) => SpinForEver(context);

    /// <summary>Ends its process.</summary>
    [Job("die")]
    public void Die(bool failFast, JobContext context, CancellationToken cancellationToken)
    {
        journal.Start(context);
        if (failFast)
        {
            Environment.FailFast("The job ends its process.");
        }

        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    private void SpinForEver(JobContext context)
    {
        journal.Start(context);
        while (true)
        {
            // It waits a little, so that the test's other processes get the processor.
            Thread.Sleep(1);
        }
    }
}
