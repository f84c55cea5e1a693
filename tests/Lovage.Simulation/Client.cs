using Lovage.Simulation.Load;
using Lovage.Storage;

namespace Lovage.Simulation;

/// <summary>Enqueues, repeats and cancels from a process of its own, over the same bad link.</summary>
internal sealed class Client
{
    private readonly World _world;
    private int _open;

    internal Client(World world, Workload load)
    {
        _world = world;
        Node = new Node(world, -1, 0, isClient: true);
        foreach (var submission in load.Submissions)
        {
            Do(submission.At, () => SubmitAsync(submission));
        }

        foreach (var (at, job) in load.Cancellations)
        {
            Do(at, () => CancelAsync(job));
        }

        foreach (var (at, job, same) in load.Repeats)
        {
            Do(at, () => RepeatAsync(job, same));
        }
    }

    internal Node Node { get; }

    internal bool IsDone => _open == 0;

    internal void Pause(string queue, TimeSpan span) => Do(TimeSpan.Zero, async () =>
    {
        await InsistAsync(async () => await Node.Storage.Broker.PauseAsync(queue, "simulated", CancellationToken.None));
        await Task.Delay(span, Node.Process.Time);
        await InsistAsync(async () => await Node.Storage.Broker.ResumeAsync(queue, CancellationToken.None));
    });

    private void Do(TimeSpan at, Func<Task> action)
    {
        _open++;
        _world.Loop.At(at, () => Node.Process.Start(async () =>
        {
            try
            {
                await action();
            }
            catch (Exception error)
            {
                _world.Violate($"The client failed: {error}");
            }

            _open--;
        }));
    }

    private async Task SubmitAsync(Submission submission)
    {
        var isUnknown = false;
        while (true)
        {
            try
            {
                var results = await Node.Storage.Broker.PublishAsync(
                    [.. submission.Jobs.Select(job => job.Message)], CancellationToken.None);
                if (isUnknown && results.Any(static result => result.Status == PublishStatus.AlreadyKnown))
                {
                    _world.Mark(Marker.UnknownOutcomeRepeated);
                }

                _world.Oracle.Accepted(submission.Jobs);
                return;
            }
            catch (StorageException)
            {
                isUnknown = true;
                if (submission.GivesUp)
                {
                    return;
                }
            }

            await Task.Delay(TimeSpan.FromSeconds(0.5), Node.Process.Time);
        }
    }

    private async Task RepeatAsync(SimulatedJob job, bool same)
    {
        if (!job.IsStored)
        {
            return;
        }

        var message = same ? job.Message : job.Message with { Body = "[[1],{},{}]"u8.ToArray() };
        await InsistAsync(async () =>
        {
            var status = (await Node.Storage.Broker.PublishAsync([message], CancellationToken.None))[0].Status;
            _world.Mark(same ? Marker.OwnIdKnown : Marker.OwnIdConflict);
            if (status != (same ? PublishStatus.AlreadyKnown : PublishStatus.IdConflict))
            {
                _world.Violate($"{job} was sent again with {(same ? "the same" : "other")} content: {status}.");
            }
        });
    }

    private Task CancelAsync(SimulatedJob job) =>
        InsistAsync(
            async () => await Node.Storage.Store.CancelAsync([job.Message.Id], "simulated", CancellationToken.None));

    private async Task InsistAsync(Func<Task> action)
    {
        while (true)
        {
            try
            {
                await action();
                return;
            }
            catch (StorageException)
            {
                await Task.Delay(TimeSpan.FromSeconds(0.5), Node.Process.Time);
            }
        }
    }
}
