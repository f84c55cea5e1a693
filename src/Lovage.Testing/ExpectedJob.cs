using System.Text;
using Lovage.Protocol;

namespace Lovage.Testing;

/// <summary>What a test expects of an enqueued job, and the message when it differs.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Queue">Its queue; null for any.</param>
/// <param name="Body">Its arguments by position; null for any.</param>
/// <param name="NamedBody">The same arguments by name; null where the parameters are not known.</param>
internal sealed record ExpectedJob(
    string Name, string? Queue, ReadOnlyMemory<byte>? Body, ReadOnlyMemory<byte>? NamedBody)
{
    private const int ShownMax = 50;

    /// <summary>In what a job differs; empty when it is as expected.</summary>
    internal List<string> Differences(JobRecord job)
    {
        var differences = new List<string>();
        if (job.Message.Name != Name)
        {
            differences.Add($"name '{job.Message.Name}' is not '{Name}'");
        }

        if (Queue is not null && job.Message.Queue != Queue)
        {
            differences.Add($"queue '{job.Message.Queue}' is not '{Queue}'");
        }

        if (Body is { } body && !Has(job, body) && !(NamedBody is { } named && Has(job, named)))
        {
            differences.Add($"arguments {Shown(job.Message.Body)} are not {Shown(body)}");
        }

        return differences;
    }

    internal string Describe(int? times, int found, IReadOnlyList<JobRecord> enqueued)
    {
        var text = new StringBuilder(
            $"Expected {(times is null ? "at least one" : times == 0 ? "no" : times)} job '{Name}'");
        text.Append(Queue is null ? "" : $" on queue '{Queue}'")
            .Append(Body is { } body ? $" with {Shown(body)}" : "")
            .Append($", found {found}. ");
        text.Append(enqueued.Count == 0 ? "Nothing was enqueued." : $"{enqueued.Count} were enqueued:");
        foreach (var job in enqueued.Take(ShownMax))
        {
            var differences = Differences(job);
            text.Append($"\n  {job.Message.Name} on '{job.Message.Queue}' {Shown(job.Message.Body)} ({job.State}): ")
                .Append(differences.Count == 0 ? "as expected" : string.Join("; ", differences));
        }

        return text.Append(enqueued.Count > ShownMax ? $"\n  and {enqueued.Count - ShownMax} more" : "").ToString();
    }

    private bool Has(JobRecord job, ReadOnlyMemory<byte> body) =>
        JobBody.SameMeaning(job.Message with { Name = Name }, job.Message with { Name = Name, Body = body });

    /// <summary>Args and kwargs of a body, without the embedded workflow fields.</summary>
    private static string Shown(ReadOnlyMemory<byte> body)
    {
        using var json = System.Text.Json.JsonDocument.Parse(body);
        var (positional, keyword) = (json.RootElement[0].GetRawText(), json.RootElement[1].GetRawText());
        return keyword == "{}" ? positional : positional == "[]" ? keyword : $"{positional} {keyword}";
    }
}
