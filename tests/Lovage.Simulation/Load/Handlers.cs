namespace Lovage.Simulation.Load;

/// <summary>
/// What a handler throws to fail. It has no stack trace, because reading one costs more than all the rest of a
/// simulated job.
/// </summary>
internal sealed class SimulatedFaultException(string message) : Exception(message)
{
    public override string? StackTrace => null;
}

/// <summary>The handlers of all simulated jobs.</summary>
internal static class Handlers
{
    internal static JobRegistry Registry { get; } = new(new JobCatalog(
        Enum.GetValues<Behaviour>()
            .Where(behaviour => behaviour != Behaviour.Unknown)
            .Select(behaviour => new JobDefinition(NameOf(behaviour), RunAsync))));

    internal static string NameOf(Behaviour behaviour) => $"simulation.{behaviour}";

    private static async ValueTask RunAsync(JobInvocation invocation)
    {
        var context = invocation.Context;
        var node = Node.OfCurrentProcess;
        var oracle = node.World.Oracle;
        var claim = oracle.HandlerStarted(node, context);
        if (claim is null)
        {
            // The world has ended with a violation.
            return;
        }

        try
        {
            await BehaveAsync(node, claim.Job, context);
            oracle.HandlerEnded(claim, AttemptEnd.Succeeded, context);
        }
        catch (OperationCanceledException)
        {
            oracle.HandlerEnded(claim, AttemptEnd.Cancelled, context);
            throw;
        }
        catch (RetryException)
        {
            oracle.HandlerEnded(claim, AttemptEnd.RetryAsked, context);
            throw;
        }
        catch (RejectException)
        {
            oracle.HandlerEnded(claim, AttemptEnd.Rejected, context);
            throw;
        }
        catch (SimulatedFaultException)
        {
            oracle.HandlerEnded(claim, AttemptEnd.Failed, context);
            throw;
        }
    }

    private static async Task BehaveAsync(Node node, SimulatedJob job, JobContext context)
    {
        var time = node.Process.Time;
        switch (job.Behaviour)
        {
            case Behaviour.Slow or Behaviour.Parent when job.Duration > TimeSpan.Zero:
                await Task.Delay(job.Duration, time, context.CancellationToken);
                break;
            case Behaviour.Stubborn or Behaviour.Overrun:
                await Task.Delay(job.Duration, time, CancellationToken.None);
                break;
            case Behaviour.Progress:
                context.Progress.Report(0.1, "begun");
                await Task.Delay(job.Duration, time, context.CancellationToken);
                context.Progress.Report(1);
                break;
            case Behaviour.Fails when context.Attempt <= job.BadAttempts:
                throw new SimulatedFaultException($"{job} fails.");
            case Behaviour.AsksAgain when context.Attempt <= job.BadAttempts:
                throw Retry.After(job.Again);
            case Behaviour.Rejects:
                throw Reject.Because($"{job} is not wanted.");
            case Behaviour.Killer:
                node.Crash("killer");
                await new TaskCompletionSource().Task;
                break;
            default:
                break;
        }
    }
}
