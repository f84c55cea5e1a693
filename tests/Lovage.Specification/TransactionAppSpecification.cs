using System.Collections.Concurrent;
using System.Diagnostics;
using Lovage.Storage;
using Xunit;

namespace Lovage.Specification;

/// <summary>Enqueuing and completing in transactions, as an app has them.</summary>
public abstract class TransactionAppSpecification<TFixture> : TransactionApp<TFixture>
    where TFixture : TransactionAppFixture, new()
{
    [Fact]
    public async Task Enqueue_Committed_RunsAtOnceAndFindsItsRow()
    {
        var found = new ConcurrentQueue<long>();
        var jobs = await StartAsync(
            Handler("look", async run => found.Enqueue(await Fixture.CountAsync($"id = '{run.Context.Id}'"))));

        JobHandle handle;
        await using (var transaction = await Fixture.BeginAsync(jobs))
        {
            handle = await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop);
            await ExecuteAsync(transaction, $"INSERT INTO {Fixture.Table} VALUES ('{handle.Id}')");
            await transaction.CommitAsync(Stop);
        }

        await handle.WaitAsync(Patience, Stop);
        Assert.Equal([1], found);
    }

    [Fact]
    public async Task Enqueue_RolledBack_LeavesNeitherJobNorRow()
    {
        var jobs = await StartAsync(Handler("look", static _ => Task.CompletedTask));

        JobHandle handle;
        await using (var transaction = await Fixture.BeginAsync(jobs))
        {
            handle = await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop);
            await ExecuteAsync(transaction, $"INSERT INTO {Fixture.Table} VALUES ('{handle.Id}')");
        }

        await (await jobs.EnqueueAsync(Job.Create("look"), Stop)).WaitAsync(Patience, Stop);
        Assert.Null(await handle.FindAsync(Stop));
        Assert.Equal(0, await Fixture.CountAsync());
    }

    [Fact]
    public async Task Enqueue_OneOrSeveral_IsOneCallWithASpanForEachJob()
    {
        var jobs = await StartAsync(static _ => { });
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is "Lovage" or "test",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var source = new ActivitySource("test");
        await using var transaction = await Fixture.BeginAsync(jobs);

        var one = await SpansAsync(async () => await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop));
        var two = await SpansAsync(async () =>
            await jobs.EnqueueAsync([Job.Create("look"), Job.Create("look")], transaction, Stop));

        Assert.Equal((ActivityKind.Producer, "send default"), Assert.Single(one));

        // One call to the storage, and a span for each job, from which its attempt's span goes on.
        Assert.Equal(
            [
                (ActivityKind.Producer, "create default"), (ActivityKind.Producer, "create default"),
                (ActivityKind.Client, "send default"),
            ],
            two);

        async Task<(ActivityKind, string)[]> SpansAsync(Func<Task> call)
        {
            using var caller = source.StartActivity("request")!;
            await call();
            return
            [
                .. spans.Where(span => span.TraceId == caller.TraceId)
                    .Select(static span => (span.Kind, span.OperationName)),
            ];
        }
    }

    [Fact]
    public async Task Enqueue_TypedAndBatch_AreStoredByTheCommit()
    {
        var jobs = await StartAsync(Handler("sum", static run => SetAsync(run, 5)));

        JobHandle<int> typed;
        IReadOnlyList<JobHandle> many;
        await using (var transaction = await Fixture.BeginAsync(jobs))
        {
            typed = await jobs.EnqueueAsync(Job.Create<int>("sum"), transaction, Stop);
            many = await jobs.EnqueueAsync(
                [.. Enumerable.Range(0, 1_500).Select(static _ => Job.Create("sum"))], transaction, Stop);
            await transaction.CommitAsync(Stop);
        }

        Assert.Equal(5, await typed.WaitAsync(Patience, Stop));
        Assert.Equal(1_500, many.Count);
        await many[^1].WaitAsync(Patience, Stop);
    }

    [Fact]
    public async Task Enqueue_IdOfAnotherJob_ThrowsAndTheTransactionGoesOn()
    {
        var jobs = await StartAsync(
            Handler("look", static _ => Task.CompletedTask), Handler("other", static _ => Task.CompletedTask));
        var id = JobId.Parse("mine");
        await (await jobs.EnqueueAsync(Job.Create("look") with { Id = id }, Stop)).WaitAsync(Patience, Stop);

        JobHandle handle;
        await using (var transaction = await Fixture.BeginAsync(jobs))
        {
            await Assert.ThrowsAsync<JobIdConflictException>(
                async () => await jobs.EnqueueAsync(Job.Create("other") with { Id = id }, transaction, Stop));
            Assert.Equal(id, (await jobs.EnqueueAsync(Job.Create("look") with { Id = id }, transaction, Stop)).Id);
            handle = await jobs.EnqueueAsync(Job.Create("other"), transaction, Stop);
            await transaction.CommitAsync(Stop);
        }

        await handle.WaitAsync(Patience, Stop);
    }

    [Fact]
    public async Task Enqueue_QueueAtItsBound_IsRefusedAsOutsideATransaction()
    {
        var jobs = await StartAsync([("Lovage:Limits:PendingMax", "1")]);
        await jobs.EnqueueAsync(
            Job.Create("never.runs") with { Queue = "elsewhere", Delay = TimeSpan.FromMilliseconds(1) }, Stop);

        await using var transaction = await Fixture.BeginAsync(jobs);
        await Assert.ThrowsAsync<QueueFullException>(async () =>
            await jobs.EnqueueAsync(Job.Create("never.runs") with { Queue = "elsewhere" }, transaction, Stop));
    }

    [Fact]
    public async Task Enqueue_ManyAtOnce_NoneIsLostAndNoneComesBeforeItsRow()
    {
        const int Callers = 8;
        const int Each = 25;
        var runs = new ConcurrentDictionary<JobId, long>();
        var jobs = await StartAsync(
            Handler("look", async run => runs[run.Context.Id] = await Fixture.CountAsync($"id = '{run.Context.Id}'")));

        var handles = await Task.WhenAll(Enumerable.Range(0, Callers).Select(EnqueueAsync));
        foreach (var handle in handles.SelectMany(static some => some))
        {
            await handle.WaitAsync(Patience, Stop);
        }

        Assert.Equal(Callers * Each, runs.Count);
        Assert.All(runs.Values, static rows => Assert.Equal(1, rows));
        Assert.Equal(Callers * Each, await Fixture.CountAsync());

        async Task<List<JobHandle>> EnqueueAsync(int caller)
        {
            var kept = new List<JobHandle>();
            for (var i = 0; kept.Count < Each; i++)
            {
                await using var transaction = await Fixture.BeginAsync(jobs);
                var handle = await jobs.EnqueueAsync(Job.Create("look"), transaction, Stop);
                await ExecuteAsync(transaction, $"INSERT INTO {Fixture.Table} VALUES ('{handle.Id}')");
                if ((i + caller) % 3 != 0)
                {
                    await transaction.CommitAsync(Stop);
                    kept.Add(handle);
                }
            }

            return kept;
        }
    }

    [Fact]
    public async Task Complete_Committed_EffectAndOutcomeAreOne()
    {
        var ended = 0;
        var jobs = await StartAsync(Handler("pay", async run => await PayAsync(run, async transaction =>
        {
            await run.Context.CompleteInTransactionAsync(transaction, 42, Stop);
            await transaction.CommitAsync(Stop);
        })));
        using var listening = Storage.Signals.Subscribe(
            signal => _ = signal.Kind == SignalKind.JobEnded ? Interlocked.Increment(ref ended) : 0,
            SignalKind.JobEnded);

        var handle = await jobs.EnqueueAsync(Job.Create<int>("pay"), Stop);

        Assert.Equal(42, await handle.WaitAsync(Patience, Stop));
        Assert.Equal(1, await Fixture.CountAsync($"id = '{handle.Id}'"));
        Assert.Equal(AttemptEnd.Succeeded, Assert.Single(await handle.GetAttemptsAsync(Stop)).End);
        await StopAsync();
        Assert.Equal(1, ended);
        Assert.Equal((1, 1), await CountersAsync("pay"));
        Assert.Single(Logs, static line => line.Event == 2001);
        Assert.DoesNotContain(Logs, static line => line.Event is 2005 or 2009 or 2016 or 2017);
    }

    [Fact]
    public Task Complete_RolledBackQuietly_FailsTheAttemptAndRunsAgain() =>
        CommitAtTheSecondAttemptAsync(leavesOpen: false);

    [Fact]
    public async Task Complete_HandlerThrowsBeforeTheCommit_FailsWithItsOwnError()
    {
        var jobs = await StartAsync(Handler("pay", async run => await PayAsync(run, async transaction =>
        {
            await run.Context.CompleteInTransactionAsync(transaction, Stop);
            if (run.Context.Attempt == 1)
            {
                throw new FormatException("the process might as well have died here");
            }

            await transaction.CommitAsync(Stop);
        })));

        var handle = await jobs.EnqueueAsync(Job.Create("pay"), Stop);
        await handle.WaitAsync(Patience, Stop);

        var attempts = await handle.GetAttemptsAsync(Stop);
        Assert.Equal(["System.FormatException", null], attempts.Select(static attempt => attempt.Error?.Type));
        Assert.Equal(1, await Fixture.CountAsync());
    }

    [Fact]
    public async Task Complete_HandlerThrowsAfterTheCommit_TheSuccessStands()
    {
        var jobs = await StartAsync(Handler("pay", async run =>
        {
            await PayAsync(run, async transaction =>
            {
                await run.Context.CompleteInTransactionAsync(transaction, Stop);
                await transaction.CommitAsync(Stop);
            });
            throw new FormatException("too late");
        }));

        var handle = await jobs.EnqueueAsync(Job.Create("pay"), Stop);
        await handle.WaitAsync(Patience, Stop);
        await StopAsync();

        Assert.Equal(
            AttemptEnd.Succeeded,
            Assert.Single(await ReadAsync(storage => storage.History!.AttemptsAsync(handle.Id, Stop))).End);
        Assert.Equal(1, await Fixture.CountAsync());
        Assert.Equal((1, 1), await CountersAsync("pay"));
        Assert.Single(Logs, static line => line.Event == 2016);
        Assert.Single(Logs, static line => line.Event == 2001);
    }

    [Fact]
    public async Task Complete_SecondTransactionAfterARollback_Counts()
    {
        var jobs = await StartAsync(Handler("pay", async run =>
        {
            await PayAsync(run, async transaction => await run.Context.CompleteInTransactionAsync(transaction, Stop));
            await PayAsync(run, async transaction =>
            {
                await run.Context.CompleteInTransactionAsync(transaction, Stop);
                await transaction.CommitAsync(Stop);
            });
        }));

        var handle = await jobs.EnqueueAsync(Job.Create("pay"), Stop);
        await handle.WaitAsync(Patience, Stop);

        Assert.Single(await handle.GetAttemptsAsync(Stop));
        Assert.Equal(1, await Fixture.CountAsync());
    }

    [Fact]
    public async Task Complete_LostLease_ThrowsAndTheEffectIsRolledBack()
    {
        var attempts = 0;
        var thrown = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var jobs = await StartAsync(Handler("pay", async run =>
        {
            if (Interlocked.Increment(ref attempts) == 1)
            {
                // Another worker takes the job away, as from one that stood still for too long.
                await Storage.Broker.ReclaimAsync(await Storage.Broker.OwnersAsync(Stop), 10, Stop);
            }

            await PayAsync(run, async transaction =>
            {
                try
                {
                    await run.Context.CompleteInTransactionAsync(transaction, Stop);
                }
                catch (LeaseLostException fault)
                {
                    thrown.TrySetResult(fault);
                    throw;
                }

                await transaction.CommitAsync(Stop);
            });
        }));

        var handle = await jobs.EnqueueAsync(Job.Create("pay"), Stop);
        await handle.WaitAsync(Patience, Stop);

        Assert.Equal(handle.Id, Assert.IsType<LeaseLostException>(await thrown.Task.WaitAsync(Patience, Stop)).Id);
        Assert.Equal(1, await Fixture.CountAsync());
        Assert.Equal((1, 1), await CountersAsync("pay"));
    }

    /// <summary>
    /// A handler that commits at its second attempt only, and either disposes of its transactions or leaves them to
    /// whichever side ends them.
    /// </summary>
    protected async Task CommitAtTheSecondAttemptAsync(bool leavesOpen)
    {
        var jobs = await StartAsync(Handler("pay", async run =>
        {
            var transaction = await Fixture.BeginAsync(Jobs);
            await ExecuteAsync(transaction, $"INSERT INTO {Fixture.Table} VALUES ('{run.Context.Id}')");
            await run.Context.CompleteInTransactionAsync(transaction, Stop);
            if (run.Context.Attempt == 2)
            {
                await transaction.CommitAsync(Stop);
            }

            if (!leavesOpen)
            {
                await transaction.DisposeAsync();
            }
        }));

        var handle = await jobs.EnqueueAsync(Job.Create("pay"), Stop);
        await handle.WaitAsync(Patience, Stop);

        var attempts = await handle.GetAttemptsAsync(Stop);
        Assert.Equal([AttemptEnd.Failed, AttemptEnd.Succeeded], attempts.Select(static attempt => attempt.End));
        Assert.Contains("rolled back", attempts[0].Error!.Message, StringComparison.Ordinal);
        Assert.Equal(1, await Fixture.CountAsync());
        Assert.Equal((1, 1), await CountersAsync("pay"));
    }

    private static Task SetAsync(JobInvocation run, int result)
    {
        run.SetResult(result);
        return Task.CompletedTask;
    }
}
