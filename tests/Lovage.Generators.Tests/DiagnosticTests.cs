using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Lovage.Generators.Tests;

public sealed class DiagnosticTests
{
    [Theory]
    [InlineData(
        "LVG0001 at \"b\"",
        """public sealed class H { [Job("b")] public void A() { } [Job("b")] public void B() { } }""")]
    [InlineData(
        "LVG0001 at Aliases = [\"a\"]",
        """public sealed class H { [Job("a")] public void A() { } [Job("b", Aliases = ["a"])] public void B() { } }""")]
    [InlineData(
        "LVG0001 at Job", "public sealed class H { [Job] public void A(int x) { } [Job] public void A(string x) { } }")]
    [InlineData(
        "LVG0027 at leg",
        "public sealed record Leg((double, double) From, string Name); public sealed class H { [Job] public void A(Leg "
            + "leg) { } }")]
    [InlineData(
        "LVG0027 at point",
        "public struct Point { public int X; } public sealed class H { [Job] public void A(Point point) { } }")]
    [InlineData(
        "LVG0027 at all",
        "public struct Point { public int X; } public sealed record Path(List<Point> Points); public sealed class H { "
            + "[Job] public void A(Path[] all) { } }")]
    [InlineData(
        "LVG0027 at basket",
        "public sealed class Basket { readonly List<string> _items = []; public IReadOnlyList<string> Items => _items; "
            + "} public sealed class H { [Job] public void A(Basket basket) { } }")]
    [InlineData(
        "LVG0027 at tags",
        "public sealed class Tags { public List<string> All { get; } = []; } public sealed class H { [Job] public void "
            + "A(Tags tags) { } }")]
    [InlineData(
        "LVG0027 at A",
        "public sealed class Tags { public List<string> All { get; } = []; } public sealed class H { [Job] public Tags "
            + "A() => new(); }")]
    [InlineData(
        "LVG0002 at number", "public sealed class H { [Job] public void A(System.Numerics.Complex number) { } }")]
    [InlineData("LVG0002 at runes", "public sealed class H { [Job] public void A(System.Text.Rune[] runes) { } }")]
    [InlineData("LVG0002 at part", "public sealed class H { [Job] public void A(Range part) { } }")]
    [InlineData("LVG0002 at done", "public sealed class H { [Job] public void A(Action done) { } }")]
    [InlineData("LVG0002 at data", "public sealed class H { [Job] public void A(MemoryStream data) { } }")]
    [InlineData("LVG0002 at data", "public sealed class H { [Job] public void A(ReadOnlySpan<byte> data) { } }")]
    [InlineData("LVG0002 at data", "public sealed class H { [Job] public unsafe void A(int* data) { } }")]
    [InlineData(
        "LVG0002 at source", "public sealed class H { [Job] public void A(CancellationTokenSource source) { } }")]
    [InlineData("LVG0002 at services", "public sealed class H { [Job] public void A(IServiceProvider services) { } }")]
    [InlineData(
        "LVG0002 at mailer",
        "public interface IMailer; public sealed class H { [Job] public void A(IMailer mailer) { } }")]
    [InlineData("LVG0002 at pair", "public sealed class H { [Job] public void A((int, string) pair) { } }")]
    [InlineData("LVG0002 at pairs", "public sealed class H { [Job] public void A(List<(int, string)> pairs) { } }")]
    [InlineData(
        "LVG0002 at error", "public sealed class H { [Job] public void A(InvalidOperationException? error) { } }")]
    [InlineData("LVG0002 at time", "public sealed class H { [Job] public void A(TimeProvider time) { } }")]
    [InlineData("LVG0002 at grid", "public sealed class H { [Job] public void A(int[,] grid) { } }")]
    [InlineData("LVG0002 at token", "public sealed class H { [Job] public void A(CancellationToken? token) { } }")]
    [InlineData(
        "LVG0002 at shape",
        "public abstract class Shape; public sealed class H { [Job] public void A(Shape shape) { } }")]
    [InlineData("LVG0002 at anything", "public sealed class H { [Job] public void A(dynamic anything) { } }")]
    [InlineData("LVG0002 at A", "public sealed class H { [Job] public Func<int> A() => () => 1; }")]
    [InlineData(
        "LVG0002 at A",
        "public sealed class H { [Job] public IAsyncEnumerable<int> A() => throw new NotSupportedException(); }")]
    [InlineData(
        "LVG0002 at AAsync",
        "public sealed class H { [Job] public Task<Stream> AAsync(CancellationToken t) => throw new "
            + "NotSupportedException(); }")]
    [InlineData("LVG0003 at Send", "public static class H { [Job] public static void Send(int to) { } }")]
    [InlineData(
        "LVG0004 at SendAsync",
        "public sealed class H { [Job] public async void SendAsync(int to) => await Task.Yield(); }")]
    [InlineData(
        "LVG0005 at SendAsync", "public sealed class H { [Job] public Task SendAsync(int to) => Task.CompletedTask; }")]
    [InlineData(
        "LVG0005 at SendAsync", "public sealed class H { [Job] public ValueTask<int> SendAsync(int to) => new(1); }")]
    [InlineData("LVG0007 at \"a b\"", """public sealed class H { [Job("a b")] public void A() { } }""")]
    [InlineData("LVG0007 at name: \"\"", """public sealed class H { [Job(name: "")] public void A() { } }""")]
    [InlineData(
        "LVG0007 at Aliases = [\"ü\"]",
        """public sealed class H { [Job("a", Aliases = ["ü"])] public void A() { } }""")]
    [InlineData("LVG0007 at Job", "public sealed class Größe { [Job] public void A() { } }")]
    [InlineData(
        "LVG0008 at Queue = \"amq.x\"", """public sealed class H { [Job(Queue = "amq.x")] public void A() { } }""")]
    [InlineData("LVG0009 at Priority = 10", "public sealed class H { [Job(Priority = 10)] public void A() { } }")]
    [InlineData("LVG0009 at MaxAttempts = -1", "public sealed class H { [Job(MaxAttempts = -1)] public void A() { } }")]
    [InlineData(
        "LVG0009 at MaxAttempts = 1001", "public sealed class H { [Job(MaxAttempts = 1001)] public void A() { } }")]
    [InlineData(
        "LVG0009 at TimeLimitSeconds = -0.5",
        "public sealed class H { [Job(TimeLimitSeconds = -0.5)] public void A() { } }")]
    [InlineData(
        "LVG0009 at SoftTimeLimitSeconds = double.NaN",
        "public sealed class H { [Job(SoftTimeLimitSeconds = double.NaN)] public void A() { } }")]
    [InlineData(
        "LVG0009 at RetryDelaysSeconds = [1, -1]",
        "public sealed class H { [Job(RetryDelaysSeconds = [1, -1])] public void A() { } }")]
    [InlineData(
        "LVG0009 at Execution = (JobExecution)7",
        "public sealed class H { [Job(Execution = (JobExecution)7)] public void A() { } }")]
    [InlineData("LVG0010 at A", "public abstract class H { [Job] public abstract void A(); }")]
    [InlineData("LVG0010 at A", "public abstract class H { [Job] public void A() { } }")]
    [InlineData("LVG0010 at A", "public sealed class H<T> { [Job] public void A() { } }")]
    [InlineData("LVG0010 at A", "public sealed class H { [Job] public void A<T>() { } }")]
    [InlineData("LVG0010 at A", "public sealed class H { [Job] private void A() { } }")]
    [InlineData("LVG0010 at A", "public class O { private sealed class H { [Job] public void A() { } } }")]
    [InlineData("LVG0010 at A", "file sealed class H { [Job] public void A() { } }")]
    [InlineData("LVG0010 at A", "public struct H { [Job] public void A() { } }")]
    [InlineData("LVG0010 at A", "public interface IH { [Job] void A(); }")]
    [InlineData("LVG0010 at A", "public sealed class H { private H() { } [Job] public void A() { } }")]
    [InlineData("LVG0010 at A", "public sealed class H { public void A() { Local(); [Job] void Local() { } } }")]
    [InlineData("LVG0010 at get", "public sealed class H { public int A { [Job] get => 1; } }")]
    [InlineData(
        "LVG0011 at A", "public sealed class H { [Job] public void A(CancellationToken a, CancellationToken b) { } }")]
    [InlineData("LVG0011 at A", "public sealed class H { [Job] public void A(JobContext a, JobContext b) { } }")]
    [InlineData(
        "LVG0023 at A", """public sealed class H { [Job, Schedule("a b", "* * * * *")] public void A() { } }""")]
    [InlineData(
        "LVG0023 at day", """public sealed class H { [Job, Schedule("a", "* * * * *")] public void A(int day) { } }""")]
    [InlineData(
        "LVG0023 at A",
        """public sealed class H { [Job, Schedule("a", "* * * * *", OverlapMax = 0)] public void A() { } }""")]
    [InlineData(
        "LVG0023 at A",
        """public sealed class H { [Job, Schedule("a", "* * * * *", JitterSeconds = -1)] public void A() { } }""")]
    [InlineData("LVG0024 at A", """public sealed class H { [Job, Schedule("a", "0 0 30 2 *")] public void A() { } }""")]
    [InlineData(
        "LVG0024 at A", """public sealed class H { [Job, Schedule("a", "*/0 * * * *")] public void A() { } }""")]
    [InlineData("LVG0024 at A", """public sealed class H { [Job, Schedule("a", "61 * * * *")] public void A() { } }""")]
    [InlineData("LVG0025 at A", """public sealed class H { [Schedule("a", "* * * * *")] public void A() { } }""")]
    [InlineData(
        "LVG0025 at A",
        """public abstract class H { [Schedule("a", "* * * * *"), Schedule("b", "not even cron")] public abstract """
            + """void A(int day); [Job, Schedule("c", "* * * * *")] public static void BAsync() { } }""")]
    [InlineData(
        "LVG0025 at A",
        """public sealed class H { public void A() { [Schedule("a", "* * * * *")] static void Local() { } Local(); """
            + """} }""")]
    [InlineData(
        "LVG0012 at AddAsync",
        """public sealed class H { [Job("x")] public void Add(int a) { """
            + """} [Job("y")] public void AddAsync(int b, JobContext c) { } }""")]
    [InlineData(
        "LVG0012 at AddAsync",
        "public static class H { public static int Add(int a) => a; [Job] public static void AddAsync(int a) { } }")]
    [InlineData(
        "LVG0013 at Filters = [typeof(string)]",
        "public sealed class H { [Job(Filters = [typeof(string)])] public void A() { } }")]
    [InlineData("LVG0014 at a", "public sealed class H { [Job] public void A(ref int a) { } }")]
    [InlineData("LVG0014 at a", "public sealed class H { [Job] public void A(in int a) { } }")]
    [InlineData(
        "LVG0015 at RetryOn = [typeof(string)]",
        "public sealed class H { [Job(RetryOn = [typeof(string)])] public void A() { } }")]
    [InlineData(
        "LVG0015 at NeverRetryOn = [typeof(Own)]",
        "public sealed class H { [Job(NeverRetryOn = [typeof(Own)])] public void A() { } private sealed class Own : "
            + "Exception; }")]
    [InlineData("LVG0027 at what", "public sealed class H { [Job] public void A(object what) { } }")]
    [InlineData(
        "LVG0027 at what", "public sealed class H { [Job] public void A(Dictionary<string, object?[]>? what) { } }")]
    [InlineData(
        "LVG0027 at point",
        "public readonly struct Point(int x) { public int X { get; } = x; } public sealed class H { [Job] public void "
            + "A(Point point) { } }")]
    [InlineData(
        "LVG0029 at mailer",
        "public sealed class Mailer(Uri server) { public Uri Send() => server; } public sealed class H { [Job] public "
            + "void A(Mailer mailer) { } }")]
    [InlineData(
        "LVG0029 at mailer",
        "public sealed class Mailer { public Mailer(int a) { } public Mailer(string b) { } } public sealed class H { "
            + "[Job] public void A(Mailer mailer) { } }")]
    [InlineData(
        "LVG0029 at clock",
        "public sealed class Clock { public int Tick() => 1; } public sealed class H { [Job] public void "
            + "A(Clock clock) { } }")]
    [InlineData("LVG0002 at jobs", "public sealed class H { [Job] public void A(JobClient jobs) { } }")]
    [InlineData("LVG0016 at user_id", "public sealed class H { [Job] public void A(int userId, int user_id) { } }")]
    [InlineData(
        "LVG0030 at order",
        "public sealed record Order(int Number); public sealed class H { [Job] public void A([Tag] Order order) { } }")]
    [InlineData("LVG0030 at ids", "public sealed class H { [Job] public void A([Tag] int[] ids) { } }")]
    [InlineData("LVG0030 at data", "public sealed class H { [Job] public void A([Tag(\"x\")] byte[]? data) { } }")]
    [InlineData("LVG0030 at token", "public sealed class H { [Job] public void A([Tag] CancellationToken token) { } }")]
    [InlineData("LVG0030 at id", "public sealed class H { [Job] public void A([Tag(\"\")] int id) { } }")]
    [InlineData("LVG0030 at id", "public sealed class H { [Job] public void A([Tag(\"a\\n\")] int id) { } }")]
    [InlineData(
        "LVG0030 at id",
        "public sealed class H { [Job] public void A([Tag(\"wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
            + "wwwww\")] int id) { } }")]
    [InlineData(
        "LVG0030 at i",
        "public sealed class H { [Job] public void A([Tag] int a, [Tag] int b, [Tag] int c, [Tag] int d, [Tag] int e, "
            + "[Tag] int f, [Tag] int g, [Tag] int h, [Tag] int i) { } }")]
    public void Generate_OneMistake_IsReportedOnceAndExactlyThere(string expected, string code)
    {
        var generated = Source.Of(code).Generate();

        Assert.Equal([expected], generated.Findings);
    }

    [Theory]
    [InlineData(
        "public sealed class H { [Job] public Task SendAsync(int to, JobContext context) => Task.CompletedTask; }")]
    [InlineData("public sealed class H { [Job] public int Add(int a, int b) => a + b; }")]
    [InlineData(
        "public sealed record Line(decimal Price, int Count) { public decimal Total => Price * Count; } public sealed "
            + "class Order { public Order(string number, List<Line> lines) { Number = number; Lines = lines; } public "
            + "string Number { get; } public List<Line> Lines { get; } public string? Note { get; init; } "
            + "[System.Text.Json.Serialization.JsonIgnore] public object? Tag; } public sealed class H { [Job] public "
            + "void A(Order order, KeyValuePair<string, Line> pair, Tuple<int, string> both) { } }")]
    [InlineData(
        "public readonly record struct Point(int X, int Y); public "
            + "sealed class Node { public Node? Parent { get; set; } } public sealed class H { [Job] public void "
            + "A(Point "
            + "point, Node node, DateOnly day, Guid? id) { } }")]
    [InlineData(
        "public sealed class H { [Job] public void A(IReadOnlyList<string> names, IDictionary<string, int[]> counts, "
            + "Uri? from, byte[] data) { } }")]
    [InlineData(
        "[System.Text.Json.Serialization.JsonDerivedType(typeof(Circle))] public abstract record Shape; public record "
            + "Circle : Shape; public sealed class H { [Job] public void A(Shape shape) { } }")]
    [InlineData(
        "public sealed class H { [Job] public void A(System.Text.Json.Nodes.JsonNode node, "
            + "System.Text.Json.JsonElement element) { } }")]
    [InlineData(
        "public sealed class H { [Job(Priority = 9, MaxAttempts = 1000, TimeLimitSeconds = 0.5, RetryOn = "
            + "[typeof(IOException)])] public void A() { } }")]
    [InlineData(
        "public sealed class F : IJobFilterBase; public interface IJobFilterBase; public abstract class H { [Job] "
            + "public static Task AAsync(CancellationToken token) => Task.CompletedTask; }")]
    [InlineData(
        "public sealed record Ping; public sealed record Pong { public static Pong One => new(); } public class "
            + "Base(int id) { public int Id => id; } public sealed class Own(int id, string name) : Base(id) { public "
            + "string Name { get; set; } = name; } public sealed class H { [Job] public object A(Ping ping, Pong pong, "
            + "Own own) => own; }")]
    [InlineData("public sealed class H { [Job] public void Add(int a) { } public static void Add(string a) { } }")]
    [InlineData("public sealed class Plain { public async void A(Action done) => await Task.Yield(); }")]
    [InlineData("""public sealed class H { [Job, Schedule("a", "* * * * *")] public void A(int day = 1) { } }""")]
    [InlineData(
        "public enum Size { Small } public readonly record struct Number(int Value) : IFormattable { public string "
            + "ToString(string? format, IFormatProvider? provider) => Value.ToString(provider); } public sealed class "
            + "H { [Job] public void A([Tag] string? a, [Tag] Size? b, [Tag] Number c, [Tag] DateOnly d, [Tag] JobId "
            + "e, [Tag] bool f, [Tag] Uri? g, [Tag(\"the\")] decimal? h) { } }")]
    public void Generate_NoMistake_IsSilent(string code)
    {
        var generated = Source.Of(code).Generate();

        Assert.Empty(generated.Diagnostics);
        Assert.DoesNotContain(
            generated.Compilation.GetDiagnostics(TestContext.Current.CancellationToken),
            static d => d.Severity == DiagnosticSeverity.Error);
    }

    [Fact]
    public void Generate_OneMethodIsWrong_TheOthersAreGenerated()
    {
        var generated = Source.Of(
            "public sealed class H { [Job] public void Good() { } [Job] public void Bad(Action a) { } }").Generate();

        Assert.Contains("\"h.good\"", generated["H.g.cs"], StringComparison.Ordinal);
        Assert.DoesNotContain("Bad", generated["H.g.cs"], StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_PragmaDisablesHint_ItIsNotReported()
    {
        var generated = Source.Of("""
            public sealed class H
            {
            #pragma warning disable LVG0005
                [Job] public Task SendAsync() => Task.CompletedTask;
            #pragma warning restore LVG0005
            }
            """).Generate();

        Assert.Empty(generated.Diagnostics.Where(static d => !d.IsSuppressed));
    }

    [Fact]
    public void Generate_OldLanguage_SaysSoAndGeneratesNothing()
    {
        var generated = (Source.Of("public sealed class H { [Job] public void A() { } }") with
        {
            Language = LanguageVersion.CSharp13,
        }).Generate();

        Assert.Equal(["LVG0017 at A"], generated.Findings);
        Assert.Empty(generated.Files);
    }

    [Fact]
    public void Rules_All_AreExplainedWithCauseAndFix()
    {
        var sections = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Pages", "errors.md"))
            .Split("\n## ")
            .Skip(1)
            .ToDictionary(static s => s[..7], StringComparer.Ordinal);
        var ids = Diagnostics.All.Select(static rule => rule.Id).ToArray();

        Assert.Equal(ids, sections.Keys.Order(StringComparer.Ordinal));
        Assert.All(
            ids, id => Assert.Equal($"docs/errors.md#{id.ToLowerInvariant()}", Diagnostics.Rule(id).HelpLinkUri));
        Assert.All(sections.Values, static text => Assert.Contains("\nFix: ", text, StringComparison.Ordinal));
        Assert.Throws<InvalidOperationException>(() => Diagnostics.Rule("LVG0000"));
        Assert.All(Diagnostics.All, static rule => Assert.True(rule.IsEnabledByDefault));
    }
}
