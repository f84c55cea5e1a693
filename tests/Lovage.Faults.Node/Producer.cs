namespace Lovage.Faults.Node;

/// <summary>Enqueues in batches and says before each what it means to enqueue, and after it what was accepted.</summary>
public sealed class Producer(JobClient client, Journal journal, JobIdSource ids)
{
    public async Task<IReadOnlyList<JobId>> EnqueueAsync(IEnumerable<Job> jobs, int batchSize, CancellationToken cancellationToken)
    {
        var all = new List<JobId>();
        foreach (var part in jobs.Chunk(batchSize))
        {
            Job[] batch = [.. part.Select(job => job.Id is null ? job with { Id = ids.Next() } : job)];
            foreach (var job in batch)
            {
                journal.Intent(job.Id!.Value);
            }

            foreach (var handle in await client.EnqueueAsync(batch, cancellationToken))
            {
                journal.Accepted(handle.Id);
                all.Add(handle.Id);
            }
        }

        return all;
    }
}
