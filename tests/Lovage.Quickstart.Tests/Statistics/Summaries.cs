using System.Text.Json;
using Lovage;
using Quickstart.Jobs.Statistics;

namespace Lovage.Quickstart.Tests.Statistics;

/// <summary>Runs the summary of the samples' job without a worker.</summary>
internal static class Summaries
{
    public static DatasetSummary OfJson(string json, JobProgress? progress = null) =>
        Of(json, progress ?? new RecordedProgress(), CancellationToken.None);

    public static DatasetSummary OfCsv(string csv) => OfJson(JsonSerializer.Serialize(csv));

    public static DatasetSummary Of(string json, JobProgress progress, CancellationToken cancellationToken)
    {
        using var document = JsonDocument.Parse(json);
        return new Summarizer(progress, cancellationToken).Summarize(document.RootElement);
    }
}

internal sealed class RecordedProgress : JobProgress
{
    public List<(double Fraction, string? Message)> Reports { get; } = [];

    protected override void ReportCore(double fraction, string? message) => Reports.Add((fraction, message));
}
