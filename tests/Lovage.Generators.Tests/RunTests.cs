using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Generators.Tests;

/// <summary>User code and generated code compiled, loaded and run.</summary>
public sealed class RunTests
{
    private const string Math = """
        namespace Shop;
        public sealed record Order(string Name, int Count);
        public enum Colour { Red, Green }
        public sealed class MathJobs
        {
            [Job("add")] public int Add(int a, int b = 40) => a + b;
            [Job("mix")] public string Mix(Order order, string? note, CancellationToken token,
                Colour colour = Colour.Green, double rate = -1.5, long big = 7, string text = "a\"b", int? none = null,
                char c = '\'', decimal m = 2.50m)
                => FormattableString.Invariant($"{order.Name}/{order.Count}/{note ?? "-"}/{colour}/{rate}/{big}/")
                    + FormattableString.Invariant($"{text}/{none}/{c}/{m}/{token.CanBeCanceled}");
            [Job("names")] public string Names(params string[] names) => string.Join('+', names);
            [Job("twice")] public async Task<int> TwiceAsync(int userId, JobContext context)
                { await Task.Yield(); return userId * 2; }
            [Job("soon")] public ValueTask<string?> SoonAsync(JobContext context) => new(context.Name);
            [Job("class")] public void Class(string @class, string @event) =>
                throw new InvalidOperationException(@class + @event);
        }
        public static class StaticJobs
        {
            [Job("static")] public static ValueTask<int> LengthAsync(string text, CancellationToken token) =>
                new(text.Length);
        }
        public static class Use
        {
            public static Job<int> Add() => MathJobs.Add(2);
            public static Job<int> Length() => StaticJobs.Length(text: "four");
            public static Job Names() => MathJobs.Names("a", "b");
            public static Job<int> Twice() => MathJobs.Twice(userId: 4) with { Queue = "cpu" };
            public static Job<string?> Soon() => MathJobs.Soon();
        }
        """;

    private static readonly Lazy<(System.Reflection.Assembly Assembly, JobCatalog Catalog)> Loaded = new(static () =>
    {
        var assembly = Source.Of(Math).Generate().Clean().Load();
        return (assembly, (JobCatalog)assembly.GetType("Shop.ShopJobs")!.GetProperty("Catalog")!.GetValue(null)!);
    });

    [Theory]
    [InlineData("add", "[[1,2],{},{}]", "3")]
    [InlineData("add", "[[2],{},{}]", "42")]
    [InlineData("add", "[[],{\"b\":1,\"a\":5},{}]", "6")]
    [InlineData("add", "[[5],{\"b\":1},{}]", "6")]
    [InlineData(
        "mix", "[[{\"name\":\"x\",\"count\":1},null],{},{}]", "\"x/1/-/Green/-1.5/7/a\\u0022b//\\u0027/2.50/True\"")]
    [InlineData(
        "mix",
        "[[],{\"order\":{\"name\":\"x\",\"count\":1},\"note\":\"n\",\"colour\":0,\"none\":3},{}]",
        "\"x/1/n/Red/-1.5/7/a\\u0022b/3/\\u0027/2.50/True\"")]
    [InlineData("names", "[[[\"a\",\"b\"]],{},{}]", "\"a\\u002Bb\"")]
    [InlineData("names", "[[],{},{}]", "\"\"")]
    [InlineData("names", "[[],{\"names\":[\"a\"]},{}]", "\"a\"")]
    [InlineData("twice", "[[],{\"user_id\":21},{}]", "42")]
    [InlineData("soon", "[[],{},{}]", "\"soon\"")]
    [InlineData("static", "[[\"four\"],{},{}]", "4")]
    public async Task Invoke_FromTheWire_BindsAndKeepsTheResult(string name, string body, string result)
    {
        var run = await Invocation.RunAsync(Job(name), body);

        Assert.Equal(result, run.ResultText);
    }

    [Theory]
    [InlineData("add", "[[\"1\",2],{},{}]", "a")]
    [InlineData("add", "[[],{},{}]", "a")]
    [InlineData("add", "[[1],{\"a\":2},{}]", "a")]
    [InlineData("add", "[[1,2,3],{},{}]", null)]
    [InlineData("add", "[[1],{\"c\":2},{}]", null)]
    [InlineData("mix", "[[{\"name\":\"x\"},null],{},{}]", "order")]
    [InlineData("mix", "[[null,null],{},{}]", "order")]
    [InlineData("static", "[[null],{},{}]", "text")]
    [InlineData("soon", "[[1],{},{}]", null)]
    [InlineData("soon", "{}", null)]
    public async Task Invoke_BadArguments_NamesTheParameter(string name, string body, string? parameter)
    {
        var refused = await Assert.ThrowsAsync<BadArgumentsException>(() => Invocation.RunAsync(Job(name), body));

        Assert.Equal(parameter, refused.Parameter);
    }

    [Fact]
    public async Task Invoke_HandlerThrows_ItsExceptionComesThrough()
    {
        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(
            () => Invocation.RunAsync(Job("class"), "[[\"a\",\"b\"],{},{}]"));

        Assert.Equal("ab", thrown.Message);
    }

    [Theory]
    [InlineData("Add", "[2]", 42)]
    [InlineData("Length", "[\"four\"]", 4)]
    [InlineData("Names", "[[\"a\",\"b\"]]", "a+b")]
    [InlineData("Twice", "[4]", 8)]
    [InlineData("Soon", "[]", "soon")]
    public async Task Factory_Called_CapturesAndWritesItsArguments(string factory, string written, object result)
    {
        var job = (Job)Loaded.Value.Assembly.GetType("Shop.Use")!.GetMethod(factory)!.Invoke(null, null)!;

        var run = await Invocation.RunAsync(Job(job.Name), job.Arguments);

        Assert.Equal(written, Wire.Positional(job.Arguments));
        Assert.Equal(result, run.ResultValue);
    }

    [Fact]
    public void Factory_ArgumentsAtTheEndThatAreDefaults_AreLeftOut()
    {
        var assembly = Source.Of("""
            namespace Shop;
            public static class SumJobs
            {
                [Job] public static void SumAsync(int a, float b = float.NaN, string? c = null) { }
                [Job] public static void TagAsync(int a, params string[] tags) { }
                [Job] public static void PlainAsync(int a) { }
            }
            public static class Use
            {
                public static Job Plain() => SumJobs.Plain(1);
                public static Job Untagged() => SumJobs.Tag(1);
                public static Job Tagged() => SumJobs.Tag(1, "x", "y");
                public static Job None() => SumJobs.Sum(1);
                public static Job Last() => SumJobs.Sum(1, c: "x", b: 2);
                public static Job Middle() => SumJobs.Sum(1, 2);
            }
            """).Generate().Clean().Load();
        (string, int) Written(string factory)
        {
            var job = (Job)assembly.GetType("Shop.Use")!.GetMethod(factory)!.Invoke(null, null)!;
            return (Wire.Positional(job.Arguments), job.Arguments.Reach);
        }

        // A worker of the version before, which has one parameter less, reads them too. The others say how many
        // parameters they need.
        Assert.Equal(
            [("[1]", 0), ("[1,2]", 2), ("[1,2,\"x\"]", 3), ("[1]", 0), ("[1,[\"x\",\"y\"]]", 2), ("[1]", 0)],
            new[] { "None", "Middle", "Last", "Untagged", "Tagged", "Plain" }.Select(Written));
    }

    [Fact]
    public async Task Invoke_InjectedHandler_ComesFromTheScope()
    {
        var catalog = Source.Of("""
            namespace Shop;
            public sealed class Clock { public int Now => 7; }
            public sealed class TimeJobs(Clock clock) { [Job]
                public Task<int> TellAsync(int more, CancellationToken token) => Task.FromResult(clock.Now + more); }
            public sealed class PlainJobs { [Job] public void Run() { } }
            public sealed class Audit : IJobFilter;
            public sealed class ClosedJobs : IDisposable { [Job(Filters = [typeof(Audit)])] public void Run()
                { } public void Dispose() { } }
            """).Generate().Clean().Catalog();
        var services = new ServiceCollection();
        catalog.RegisterHandlers(services);
        services.AddSingleton(catalog.Jobs[0].Invoke.Method.Module.GetType("Shop.Clock")!);
        await using var provider = services.BuildServiceProvider();
        await using var scope = provider.CreateAsyncScope();

        var run = await Invocation.RunAsync(
            catalog.Jobs.Single(static j => j.Name == "time_jobs.tell"), "[[1],{},{}]", scope.ServiceProvider);

        Assert.Equal(8, run.ResultValue);
        Assert.Equal("Audit", services.Single(static s => s.Lifetime == ServiceLifetime.Transient).ServiceType.Name);
        Assert.Equal(["ClosedJobs", "TimeJobs"], services.Where(static s => s.Lifetime == ServiceLifetime.Scoped)
            .Select(static s => s.ServiceType.Name)
            .Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Definition_EveryOption_IsCarriedOver()
    {
        var job = Source.Of("""
            namespace Shop;
            public sealed class Audit : IJobFilter;
            public static class Outer
            {
                public sealed class SendJobs
                {
                    [Job("send", Aliases = ["old", "older"], Queue = "mail", Priority = 3, MaxAttempts = 5,
                        Execution = JobExecution.DedicatedThread,
                        SoftTimeLimitSeconds = 1.5, TimeLimitSeconds = 90, Filters = [typeof(Audit)],
                            Backoff = Backoff.Fixed, RetryDelaySeconds = 2, RetryDelayMaxSeconds = 60,
                        RetryDelaysSeconds = [1, 2.5], RetryOn = [typeof(IOException)],
                            NeverRetryOn = [typeof(FileNotFoundException)], KeepResult = false)]
                    public void Send(string userName, int count = 1) { }
                }
            }
            """).Generate().Clean().Catalog().Jobs.Single();

        Assert.Equal(("send", "Shop.Outer.SendJobs.Send", "mail", 3), (job.Name, job.Handler, job.Queue, job.Priority));
        Assert.Equal(["old", "older"], job.Aliases);
        Assert.Equal(
            [new JobParameter("user_name", typeof(string), false), new JobParameter("count", typeof(int), true)],
            job.Parameters);
        Assert.Equal((5, JobExecution.DedicatedThread, false), (job.MaxAttempts, job.Execution, job.KeepResult));
        Assert.Equal(["Audit"], job.Filters.Select(static f => f.Name));
        Assert.Equal((TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(90)), (job.SoftTimeLimit, job.TimeLimit));
        Assert.Equal(
            (5, Backoff.Fixed, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(60)),
            (job.Retry!.MaxAttempts, job.Retry.Backoff, job.Retry.Delay, job.Retry.DelayMax));
        Assert.Equal([TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2.5)], job.Retry.Delays);
        Assert.Equal([typeof(IOException)], job.Retry.RetryOn);
        Assert.Equal([typeof(FileNotFoundException)], job.Retry.NeverRetryOn);
    }

    [Fact]
    public void Definition_NothingSaid_LeavesTheDefaults()
    {
        var job =
            Source.Of(
                "namespace Shop; public sealed class MailJobs { [Job] public Task SendHTMLMailAsync(CancellationToken "
                    + "token) => Task.CompletedTask; }")
                .Generate().Clean().Catalog().Jobs.Single();

        Assert.Equal("mail_jobs.send_html_mail", job.Name);
        Assert.Equal(
            (null, 0, null, null, true), (job.Queue, job.Priority, job.MaxAttempts, job.Retry, job.KeepResult));
    }

    private static JobDefinition Job(string name) => Loaded.Value.Catalog.Jobs.Single(j => j.Name == name);
}
