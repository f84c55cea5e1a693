using System.Diagnostics;
using Lovage.Execution;
using Microsoft.Extensions.Logging;

namespace Lovage.Tests.Execution;

/// <summary>What a worker keeps and logs of an attempt shows no value of a sensitive argument.</summary>
public sealed class SensitiveAttemptTests
{
    private const string Secret = "hunter2";
    private const string Arguments = "5,\"hunter2\"";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Attempt_ThatFails_KeepsAndLogsNoSecret(bool isOfTheMessage)
    {
        using var world = World(
            isOfTheMessage,
            static _ => throw new InvalidOperationException(
                $"no login with {Secret}", new ArgumentException($"{Secret} again")));
        var id = Enqueue(world, isOfTheMessage);
        world.Start();

        var (job, attempt) = Read(world, id);

        Assert.Equal("System.InvalidOperationException", attempt.Error!.Type);
        Assert.Equal("no login with [hidden]", attempt.Error.Message);
        Assert.Contains("[hidden] again", attempt.Error.Traceback, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, $"{attempt.Error.Traceback} {job.Reason}", StringComparison.Ordinal);
        Assert.Contains("[hidden] again", Assert.Single(world.LoggedErrors).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, world.LoggedErrors.Single().ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(world.Logs, static line => line.Text.Contains(Secret, StringComparison.Ordinal));
    }

    [Fact]
    public void Attempt_ThatIsRefused_KeepsAReasonWithoutTheSecret()
    {
        using var world = World(
            isOfTheMessage: false,
            static job => throw new BadArgumentsException(job.Context.Name, "password", $"'{Secret}' is too short."));
        var id = Enqueue(world, isOfTheMessage: false);
        world.Start();

        Assert.Equal("Job 'n': '[hidden]' is too short.", Read(world, id).Job.Reason);
    }

    [Fact]
    public void Attempt_ThatLogsAndReports_KeepsNoSecret()
    {
        WorkerWorld? made = null;
        using var world = made = World(isOfTheMessage: true, job =>
        {
            var log = made!.Loggers.CreateLogger("Shop");
            log.LogWarning(new InvalidOperationException(Secret), "with {Password} of {User}", Secret, "ada");
            job.Context.Progress.Report(0.5, $"signing in with {Secret}");
            return default;
        });
        var id = Enqueue(world, isOfTheMessage: true);
        world.Start();

        var (job, attempt) = Read(world, id);

        Assert.Equal(
            "with [hidden] of ada\nSystem.InvalidOperationException: [hidden]",
            Assert.Single(attempt.Logs).Message);
        Assert.Equal("signing in with [hidden]", job.ProgressMessage);
    }

    [Fact]
    public void Attempt_ResultThatCannotBeWritten_SaysWhyWithoutTheSecret()
    {
        using var world = World(isOfTheMessage: true, static job =>
        {
            job.SetResult(new Unwritable());
            return default;
        });
        var id = Enqueue(world, isOfTheMessage: true);
        world.Start();

        Assert.Contains("[hidden]", Read(world, id).Job.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(world.Logs, static line => line.Text.Contains(Secret, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Attempt_ResultThatIsSecret_IsKeptAndStandsInNoText(bool isOfTheMessage)
    {
        WorkerWorld? made = null;
        using var world = made = new WorkerWorld(
            new WorkerSettings { MaxAttempts = 1 },
            new JobDefinition("n", job =>
            {
                made!.Loggers.CreateLogger("Shop").LogWarning("made {Token} for {User}", Secret, "ada");
                job.Context.Progress.Report(0.5, $"made {Secret}");
                job.SetResult(Secret);
                return default;
            })
            {
                SensitiveResult = isOfTheMessage ? [] : ["*"],
            });
        var id = world.Enqueue(
            "n",
            Arguments,
            message => isOfTheMessage ? message with { SensitiveParameters = ["@result"] } : message);
        world.Start();

        var (job, attempt) = Read(world, id);

        Assert.Equal($"\"{Secret}\"", System.Text.Encoding.UTF8.GetString(job.Result.Span));
        Assert.Equal("made [hidden] for ada", Assert.Single(attempt.Logs).Message);
        Assert.Equal("made [hidden]", job.ProgressMessage);
    }

    [Fact]
    public void Attempt_ResultThatIsSecretAndCannotBeWritten_SaysNoCause()
    {
        using var world = new WorkerWorld(
            new WorkerSettings { MaxAttempts = 1 },
            new JobDefinition("n", static job =>
            {
                job.SetResult(new Unwritable());
                return default;
            })
            {
                SensitiveResult = ["value"],
            });
        var id = world.Enqueue("n", "5");
        world.Start();

        var reason = Read(world, id).Job.Reason;

        Assert.StartsWith("The result was left out", reason, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Attempt_OfAJobWithoutSecrets_KeepsItsTexts()
    {
        using var world = new WorkerWorld(
            new WorkerSettings { MaxAttempts = 1 },
            new JobDefinition("n", static _ => throw new InvalidOperationException(Secret)));
        var id = world.Enqueue("n", Arguments);
        world.Start();

        Assert.Equal(Secret, Read(world, id).Attempt.Error!.Message);
    }

    [Fact]
    public void Attempt_Spans_HoldNoSecret()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Lovage",
            Sample = static (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                lock (spans)
                {
                    spans.Add(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        using var world = World(isOfTheMessage: true, static _ => throw new InvalidOperationException(Secret));
        var id = Enqueue(world, isOfTheMessage: true);
        world.Start();
        world.UntilEnded(id);

        lock (spans)
        {
            var span = Assert.Single(spans, span => span.GetTagItem("messaging.message.id") as string == id.Value);
            Assert.DoesNotContain(
                Secret,
                $"{span.StatusDescription} {string.Join(' ', span.TagObjects)} {string.Join(' ', span.Events)}",
                StringComparison.Ordinal);
        }
    }

    private static WorkerWorld World(bool isOfTheMessage, Func<JobInvocation, ValueTask> run) => new(
        new WorkerSettings { MaxAttempts = 1 },
        new JobDefinition("n", run)
        {
            Parameters = isOfTheMessage
                ? []
                : [new("user", typeof(int), false), new("password", typeof(string), false) { IsSensitive = true }],
        });

    private static JobId Enqueue(WorkerWorld world, bool isOfTheMessage) => world.Enqueue(
        "n",
        Arguments,
        message => isOfTheMessage ? message with { SensitiveParameters = ["password#2"] } : message);

    private static (JobRecord Job, AttemptRecord Attempt) Read(WorkerWorld world, JobId id) =>
        (world.UntilEnded(id), world.Attempts(id)[^1]);

    private sealed class Unwritable
    {
        public string Value => throw new InvalidOperationException(Secret);
    }
}
