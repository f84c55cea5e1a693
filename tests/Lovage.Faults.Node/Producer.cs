namespace Lovage.Faults.Node;

/// <summary>
/// Enqueues in batches and says before each what it means to enqueue, and after it what was accepted.
/// </summary>
public sealed class Producer(JobClient client, Journal journal, JobIdSource ids)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>How often a batch was enqueued again.</summary>
    public int Repeats { get; private set; }

    /// <summary>Enqueues; a batch that fails fails the call.</summary>
    public Task<IReadOnlyList<JobId>> EnqueueAsync(
        IEnumerable<Job> jobs, int batchSize, CancellationToken cancellationToken) =>
        EnqueueAsync(jobs, batchSize, isPatient: false, cancellationToken);

    /// <summary>
    /// Enqueues; a batch that fails because the storage cannot be reached is enqueued again with the same ids, as the
    /// docs say.
    /// </summary>
    public Task<IReadOnlyList<JobId>> EnqueueSurelyAsync(
        IEnumerable<Job> jobs, int batchSize, CancellationToken cancellationToken) =>
        EnqueueAsync(jobs, batchSize, isPatient: true, cancellationToken);

    private async Task<IReadOnlyList<JobId>> EnqueueAsync(
        IEnumerable<Job> jobs, int batchSize, bool isPatient, CancellationToken cancellationToken)
    {
        var all = new List<JobId>();
        foreach (var part in jobs.Chunk(batchSize))
        {
            Job[] batch = [.. part.Select(job => job.Id is null ? job with { Id = ids.Next() } : job)];
            foreach (var job in batch)
            {
                journal.Intent(job.Id!.Value);
            }

            foreach (var handle in await SendAsync(batch, isPatient, cancellationToken))
            {
                journal.Accepted(handle.Id);
                all.Add(handle.Id);
            }
        }

        return all;
    }

    private async Task<IReadOnlyList<JobHandle>> SendAsync(
        Job[] batch, bool isPatient, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await client.EnqueueAsync(batch, cancellationToken);
            }
            catch (StorageException fault) when (isPatient && fault.IsTransient)
            {
                Repeats++;
                await Task.Delay(Pause, cancellationToken);
            }
        }
    }
}
