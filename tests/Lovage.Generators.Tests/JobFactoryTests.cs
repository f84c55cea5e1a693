using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Lovage.Generators.Tests;

/// <summary>Calls of handlers, and lambdas, where a job is expected.</summary>
public sealed class JobFactoryTests
{
    private const string Shop = """
        using System.Linq;

        namespace Shop
        {
            public sealed class MailJobs
            {
                [Job] public Task WelcomeAsync(string email, CancellationToken ct) => Task.CompletedTask;
                [Job] public Task<int> CountAsync(JobContext context, string of, int from = 0) => Task.FromResult(1);
                [Job] public ValueTask SoonAsync() => default;
                [Job] public void Digest() { }
                [Job] public static Task TellAsync(string what) => Task.CompletedTask;
                public Task PlainAsync() => Task.CompletedTask;
            }
        }

        namespace App
        {
            using Shop;

            public static class Program
            {
                public static async Task RunAsync(JobClient jobs, BackgroundTasks tasks, TaskSpawner spawner,
                    ScheduleClient schedules, LovageBuilder builder, MailJobs mail, string x, CancellationToken ct)
                {
                    await Task.Yield();
                    STATEMENT
                }
            }
        }
        """;

    [Theory]
    [InlineData("'MailJobs.Welcome(x)'", "await jobs.EnqueueAsync([|mail.WelcomeAsync(x, ct)|], ct);")]
    [InlineData("'MailJobs.Welcome(x)'", "await jobs.EnqueueAsync([|mail.WelcomeAsync(x)|]);")]
    [InlineData("'MailJobs.Welcome(x)'", "await jobs.EnqueueAsync([|MailJobs.WelcomeAsync(x, ct)|]);")]
    [InlineData(
        "'MailJobs.Welcome(x)'", "await jobs.EnqueueAsync([|mail.WelcomeAsync(x, ct)|] with { Priority = 1 });")]
    [InlineData("'MailJobs.Welcome(x)'", "await jobs.EnqueueAsync(await [|mail.WelcomeAsync(x, ct)|]);")]
    [InlineData("'MailJobs.Count(x, from: 2)'", "await jobs.EnqueueAsync([|mail.CountAsync(null!, x, from: 2)|]);")]
    [InlineData("'MailJobs.Soon()'", "await jobs.EnqueueAsync([|mail.SoonAsync()|]);")]
    [InlineData("'MailJobs.Digest()'", "await jobs.EnqueueAsync([|mail.Digest()|]);")]
    [InlineData("'MailJobs.Tell(x)'", "await jobs.EnqueueAsync([|MailJobs.TellAsync(x)|]);")]
    [InlineData("'MailJobs.Welcome(email)'", "await jobs.EnqueueAsync([|mail.WelcomeAsync|]);")]
    [InlineData("'MailJobs.Count(of, from)'", "await jobs.EnqueueAsync([|mail.CountAsync|]);")]
    [InlineData("'MailJobs.Welcome(x)'", "await jobs.EnqueueAsync([|() => mail.WelcomeAsync(x, ct)|]);")]
    [InlineData("'MailJobs.Welcome(x)'", "await jobs.EnqueueAsync([|async () => await mail.WelcomeAsync(x, ct)|]);")]
    [InlineData("'MailJobs.Digest()'", "await jobs.EnqueueAsync([|() => { mail.Digest(); }|]);")]
    [InlineData("'MailJobs.Welcome(x)'", "await jobs.EnqueueAsync<MailJobs>([|m => m.WelcomeAsync(x, ct)|]);")]
    [InlineData("'MailJobs.Welcome(x)'", "await jobs.EnqueueAsync((MailJobs m) => m.WelcomeAsync(x, ct));", true)]
    [InlineData("'MailJobs.Welcome(x)'", "await jobs.EnqueueAsync([[|mail.WelcomeAsync(x, ct)|]]);")]
    [InlineData("'MailJobs.Soon()'", "await jobs.EnqueueAsync(new[] { [|mail.SoonAsync()|] });")]
    [InlineData("the factory of a method", "await jobs.EnqueueAsync([|() => Console.WriteLine(x)|]);")]
    [InlineData("the factory of a method", "await jobs.EnqueueAsync([|mail.PlainAsync()|]);")]
    [InlineData("'MailJobs.Welcome(x)'", "tasks.Add([|mail.WelcomeAsync(x, ct)|]);")]
    [InlineData("'MailJobs.Welcome(x)'", "tasks.Add([|() => mail.WelcomeAsync(x, ct)|]);")]
    [InlineData("'MailJobs.Welcome(x)'", "_ = spawner.Spawn([|mail.WelcomeAsync(x, ct)|]);")]
    [InlineData("'MailJobs.Count(x)'", "_ = spawner.Spawn([|mail.CountAsync(null!, x)|], new SpawnOptions());")]
    [InlineData("'MailJobs.Welcome(x)'", "_ = spawner.Spawn([|() => mail.WelcomeAsync(x, ct)|]);")]
    [InlineData(
        "'MailJobs.Welcome(x)'", "await schedules.SetAsync(\"a\", Every.Hours(1), [|mail.WelcomeAsync(x, ct)|]);")]
    [InlineData("'MailJobs.Digest()'", "await schedules.AddAsync(\"a\", Every.Hours(1), job: [|mail.Digest()|]);")]
    [InlineData("'MailJobs.Digest()'", "builder.AddSchedule(\"a\", Every.Hours(1), [|mail.Digest()|]);")]
    [InlineData("'MailJobs.Digest()'", "builder.OnStart([|mail.Digest()|]).OnStop(MailJobs.Digest());")]
    public async Task Look_CallWhereAJobIsExpected_NamesTheFactory(
        string fix, string statement, bool isWholeArgument = false)
    {
        var start = statement.IndexOf("[|", StringComparison.Ordinal);
        var place = isWholeArgument
            ? statement[(statement.IndexOf('(', StringComparison.Ordinal) + 1)..^2]
            : statement[(start + 2)..statement.IndexOf("|]", StringComparison.Ordinal)];

        var found = Assert.Single(await FindAsync(
            statement.Replace("[|", "", StringComparison.Ordinal).Replace("|]", "", StringComparison.Ordinal)));

        var text = await found.Location.SourceTree!.GetTextAsync(TestContext.Current.CancellationToken);
        Assert.Equal(place, text.ToString(found.Location.SourceSpan));
        Assert.Contains($"write {fix}", found.GetMessage(null), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("await jobs.EnqueueAsync(MailJobs.Welcome(x));")]
    [InlineData("await jobs.EnqueueAsync(MailJobs.Welcome(x, ct));")]
    [InlineData("await jobs.EnqueueAsync(MailJobs.Welcome(1));")]
    [InlineData("await jobs.EnqueueAsync(MailJobs.Digest(1));")]
    [InlineData("await jobs.EnqueueAsync(\"mail.welcome\", x);")]
    [InlineData("_ = spawner.Spawn(\"a\", () => mail.WelcomeAsync(x));")]
    [InlineData("_ = spawner.Spawn(\"a\", mail.WelcomeAsync);")]
    [InlineData("_ = spawner.Spawn(\"a\", () => mail.WelcomeAsync(x, ct));")]
    [InlineData("tasks.Add(\"a\", () => Missing.Call());")]
    [InlineData("await mail.WelcomeAsync(mail.PlainAsync(), ct);")]
    public async Task Look_OtherErrorOrNone_IsSilent(string statement) => Assert.Empty(await FindAsync(statement));

    private static async Task<IReadOnlyList<Diagnostic>> FindAsync(string statement)
    {
        var compilation = Source.Of(Shop.Replace("STATEMENT", statement, StringComparison.Ordinal))
            .Generate()
            .Compilation;
        var found = await compilation.WithAnalyzers([new JobFactoryAnalyzer()])
            .GetAllDiagnosticsAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain(found, static d => d.Id.StartsWith("AD", StringComparison.Ordinal));
        return [.. found.Where(static d => d.Id == "LVG0028")];
    }
}
