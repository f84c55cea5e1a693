using Lovage.Execution;

namespace Lovage.Tests.Execution;

/// <summary>What a worker says of its jobs in the list of workers.</summary>
public sealed class JobDescriptionTests
{
    [Fact]
    public void Beat_AtTheStartAndASecondLater_NamesTheJobsAndThenBringsTheirSchemas()
    {
        using var world = new WorkerWorld(
            new WorkerSettings(),
            new JobDefinition("mail.send", static _ => default)
            {
                Parameters =
                [
                    new("to", typeof(string), false), new("key", typeof(string), true) { IsSensitive = true },
                ],
            },
            new JobDefinition("by.hand", static _ => default));
        world.Start();

        Assert.Equal([("by.hand", null, null), ("mail.send", null, 2)], Announced(world));
        world.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(
            [
                ("by.hand", null, null),
                (
                    "mail.send",
                    """{"type":"object","properties":{"to":{"type":"string"}"""
                        + ""","key":{"type":"string","writeOnly":true}}"""
                        + ""","required":["to"],"additionalProperties":false}""",
                    2),
            ],
            Announced(world));
        world.Advance(TimeSpan.FromMinutes(1));
        Assert.NotNull(Announced(world)[1].Schema);
    }

    private static List<(string Name, string? Schema, int? Parameters)> Announced(WorkerWorld world)
    {
        List<(string, string?, int?)> jobs = [];
        world.Do(async () =>
        {
            var worker = Assert.Single(await world.Memory.Workers!.ListAsync(CancellationToken.None));
            jobs = [.. worker.Jobs.Select(static job => (job.Name, job.Schema, job.Parameters?.Count))];
        });
        return jobs;
    }
}
