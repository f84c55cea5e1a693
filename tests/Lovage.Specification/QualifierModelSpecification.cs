using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Lovage.Protocol;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>
/// Random jobs and random queries, whose pages and counts are compared with a filter over all jobs. Set LOVAGE_SEED to
/// a printed seed to replay one sequence.
/// </summary>
public abstract class QualifierModelSpecification<TFixture> : StorageSpecification<TFixture>
    where TFixture : StorageFixture, new()
{
    private const int Sequences = 2;
    private const int Rounds = 25;
    private const int QueriesARound = 12;

    private static readonly string[] Names = ["tasks.a", "tasks.b", "tasks.rare"];
    private static readonly string[] Queues = [TestData.Queue, "other", "rare"];
    private static readonly string[] Owners = ["one", "two"];
    private static readonly string[] Texts = ["alpha", "beta", "[[", "none"];

    private static readonly JobError[] Errors =
    [
        new("System.TimeoutException", "It took 3 s.", "   at Shop.Mail.SendAsync(String to)"),
        new("System.TimeoutException", "It took 5 s.", "   at Shop.Mail.SendAsync(String to)"),
        new("System.ArgumentException", "No.", null),
    ];

    private static readonly JobDecision[] Decisions =
    [
        JobDecision.Succeed, JobDecision.Succeed, JobDecision.Succeed, JobDecision.Fail, JobDecision.Retry,
        JobDecision.Retry, JobDecision.Cancel, JobDecision.Expire, JobDecision.Bury,
    ];

    private readonly List<Delivery> _held = [];
    private readonly List<JobId> _ids = [];
    private readonly List<DateTimeOffset> _times = [];

    [Fact]
    public async Task RandomQueries_AgreeWithAFilterOverAllJobs()
    {
        var replayed = Environment.GetEnvironmentVariable("LOVAGE_SEED");
        var seeds = replayed is null
            ? [.. Enumerable.Range(0, Sequences).Select(_ => Random.Shared.Next())]
            : new[] { int.Parse(replayed, CultureInfo.InvariantCulture) };
        foreach (var seed in seeds)
        {
            await DisposeAsync();
            await InitializeAsync();
            _held.Clear();
            _ids.Clear();
            _times.Clear();
            var query = new JobQuery();
            try
            {
                var random = new Random(seed);
                for (var round = 0; round < Rounds; round++)
                {
                    await ChangeAsync(random);
                    var all = await AllAsync(new JobQuery { Limit = 1_000 });
                    for (var i = 0; i < QueriesARound; i++)
                    {
                        query = Query(random);
                        await CompareAsync(query, all);
                    }
                }
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                throw new InvalidOperationException(
                    $"LOVAGE_SEED={seed}: {fault.Message}\n{query}, states {string.Join(' ', query.States)}", fault);
            }
        }
    }

    private async Task ChangeAsync(Random random)
    {
        for (var step = 0; step < 6; step++)
        {
            Time.Advance(TimeSpan.FromSeconds(random.Next(1, 30)));
            await (random.Next(10) switch
            {
                0 or 1 or 2 => PublishSomeAsync(random),
                3 or 4 => ReceiveSomeAsync(random),
                5 or 6 => SettleSomeAsync(random),
                7 => StartOrReleaseAsync(random),
                8 => ChangeSomeAsync(random),
                _ => RemoveSomeAsync(random),
            });
        }
    }

    private async Task PublishSomeAsync(Random random)
    {
        _times.Add(Time.GetUtcNow());
        var messages = new JobMessage[random.Next(1, 30)];
        for (var i = 0; i < messages.Length; i++)
        {
            messages[i] = Message(random);
            _ids.Add(messages[i].Id);
        }

        await PublishAsync(messages);
    }

    private JobMessage Message(Random random)
    {
        var headers = ImmutableDictionary<string, string>.Empty;
        if (random.Next(5) == 0)
        {
            headers = headers.Add("lovage_schedule", $"schedule-{random.Next(2)}");
        }

        if (random.Next(8) == 0 && _ids.Count > 0)
        {
            headers = headers.Add("lovage_edited_from", Some(_ids, random).Value);
        }

        return A.Message(
            Names[random.Next(20) == 0 ? 2 : random.Next(2)],
            Queues[random.Next(20) == 0 ? 2 : random.Next(2)],
            random.Next(3),
            $"[[\"{Texts[random.Next(2)]}\", {random.Next(100)}], {{}}, {{}}]") with
        {
            Delay = random.Next(6) == 0 ? TimeSpan.FromMinutes(random.Next(1, 20)) : default,
            Tags = random.Next(3) == 0 ? [$"t:{random.Next(3)}", "all"] : [],
            RootId = random.Next(4) == 0 && _ids.Count > 0 ? Some(_ids, random).Value : null,
            Headers = headers,
        };
    }

    private async Task ReceiveSomeAsync(Random random)
    {
        var owner = Owners[random.Next(2)];
        if (random.Next(3) == 0 && await ReceiveOrphanAsync(owner, Queues) is { } orphan)
        {
            _held.Add(orphan);
        }

        _held.AddRange(await ReceiveAsync(random.Next(1, 12), owner, Queues));
    }

    private async Task SettleSomeAsync(Random random)
    {
        foreach (var delivery in Take(random))
        {
            var outcome = A.Outcome(delivery, Decisions[random.Next(Decisions.Length)]);
            var attempt = outcome.Attempt with
            {
                Worker = TestData.Owner(Owners[random.Next(2)]).Key,
                Wait = TimeSpan.FromSeconds(random.Next(3)),
                Error = outcome.Attempt.Error is null ? null : Errors[random.Next(Errors.Length)],
            };
            await SettleAsync(outcome with { Attempt = attempt, RetryDelay = TimeSpan.FromMinutes(random.Next(2)) });
        }
    }

    private async Task StartOrReleaseAsync(Random random)
    {
        foreach (var delivery in _held.Where(_ => random.Next(2) == 0))
        {
            await StartAsync(delivery, ahead: false);
        }

        if (random.Next(2) == 0)
        {
            await ReleaseAsync([.. Take(random).Select(static delivery => delivery.Token), new LeaseToken(0, 0)]);
        }
        else if (random.Next(3) == 0)
        {
            await KillAsync(Owners[random.Next(2)]);
        }
    }

    private async Task ChangeSomeAsync(Random random)
    {
        JobId[] ids = [.. _ids.Where(_ => random.Next(10) == 0).Append(A.Id())];
        await (random.Next(5) switch
        {
            0 => Store.RequeueAsync(ids, Stop).AsTask(),
            1 => Store.CancelAsync(ids, null, Stop).AsTask(),
            2 => Store.RunNowAsync(ids, Stop).AsTask(),
            _ => (Task)Store.MoveAsync(ids, new JobMove(Queues[random.Next(3)], random.Next(3)), Stop).AsTask(),
        });
    }

    private async Task RemoveSomeAsync(Random random)
    {
        if (random.Next(2) == 0)
        {
            await Store.DeleteAsync([.. _ids.Where(_ => random.Next(20) == 0).Append(A.Id())], Stop);
        }
        else
        {
            await Store.PruneAsync(new RetentionPolicy(TimeSpan.MaxValue, TimeSpan.MaxValue, 60), 20, Stop);
        }
    }

    private List<Delivery> Take(Random random)
    {
        var taken = _held.Where(_ => random.Next(2) == 0).ToList();
        _held.RemoveAll(taken.Contains);
        return taken;
    }

    private JobQuery Query(Random random)
    {
        var filters = random.Next(4);
        var query = new JobQuery { Limit = random.Next(3) == 0 ? 100 : random.Next(1, 9) };
        for (var i = 0; i < filters; i++)
        {
            query = random.Next(11) switch
            {
                0 or 1 => query with
                {
                    States = [.. Enum.GetValues<JobState>().Where(_ => random.Next(3) == 0)],
                },
                2 => query with { Name = Names[random.Next(3)] },
                3 => query with { Queue = Queues[random.Next(3)] },
                4 => query with { Tag = random.Next(2) == 0 ? "all" : $"t:{random.Next(4)}" },
                5 => query with { Worker = TestData.Owner(Owners[random.Next(2)]).Key },
                6 => query with { RootId = _ids.Count > 0 ? Some(_ids, random).Value : "none" },
                7 => query with { ScheduleId = $"schedule-{random.Next(3)}" },
                8 => query with { Fingerprint = Some(Errors, random).Fingerprint(Names[random.Next(3)]) },
                9 => query with { ArgumentText = Texts[random.Next(Texts.Length)] },
                _ => query with
                {
                    Since = random.Next(2) == 0 && _times.Count > 0 ? Some(_times, random) : null,
                    Until = random.Next(2) == 0 && _times.Count > 0 ? Some(_times, random) : null,
                },
            };
        }

        return random.Next(15) == 0 && _ids.Count > 0 ? query with { EditedFrom = Some(_ids, random).Value } : query;
    }

    private async Task CompareAsync(JobQuery query, IReadOnlyList<JobRecord> all)
    {
        var expected = all.Where(job => Matches(job, query)).Select(static job => job.Id).ToList();
        var found = await AllAsync(query);
        Assert.Equal(expected, found.Select(static job => job.Id));
        Assert.All(found, job => Assert.True(Matches(job, query)));
        Assert.Equal(
            new BoundedCount(expected.Count, true), await History.CountAsync(query, expected.Count + 1, Stop));
        if (expected.Count > 0)
        {
            Assert.Equal(
                new BoundedCount(expected.Count, false), await History.CountAsync(query, expected.Count, Stop));
        }
    }

    private static bool Matches(JobRecord job, JobQuery query) =>
        (query.States.Count == 0 || query.States.Contains(job.State))
        && (query.Name is null || job.Name == query.Name)
        && (query.Queue is null || job.Queue == query.Queue)
        && (query.Tag is null || job.Tags.Contains(query.Tag))
        && (query.Worker is null || job.Worker == query.Worker)
        && (query.RootId is null || job.Id.Value == query.RootId || job.Message.RootId == query.RootId)
        && Header(job, "lovage_schedule", query.ScheduleId)
        && Header(job, "lovage_edited_from", query.EditedFrom)
        && (query.Fingerprint is null || job.Error?.Fingerprint(job.Name) == query.Fingerprint)
        && (query.Since is null || job.EnqueuedAt >= query.Since)
        && (query.Until is null || job.EnqueuedAt < query.Until)
        && (query.ArgumentText is null
            || Encoding.UTF8.GetString(job.Message.Body.Span).Contains(query.ArgumentText, StringComparison.Ordinal));

    private static bool Header(JobRecord job, string name, string? value) =>
        value is null || job.Message.Headers.GetValueOrDefault(name) == value;

    /// <summary>The jobs of all pages.</summary>
    private async Task<List<JobRecord>> AllAsync(JobQuery query)
    {
        var jobs = new List<JobRecord>();
        JobPage page;
        do
        {
            page = await History.QueryAsync(query, Stop);
            jobs.AddRange(page.Jobs);
            query = query with { After = page.Next };
        }
        while (page.Next is not null);

        return jobs;
    }

    private static T Some<T>(IReadOnlyList<T> all, Random random) => all[random.Next(all.Count)];
}
