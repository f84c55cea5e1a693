using System.Text.Json;
using Lovage;
using Quickstart.Jobs.Statistics;

namespace Quickstart.Jobs;

public sealed class DataJobs
{
    /// <summary>Computes the statistics of a data set: a JSON array or object, or CSV as one string.</summary>
    [Job("process_data", Execution = JobExecution.DedicatedThread)]
    public DatasetSummary ProcessData(JsonElement data, JobContext context, CancellationToken cancellationToken) =>
        new Summarizer(context.Progress, cancellationToken).Summarize(data);
}
