namespace Lovage.Generators.Tests;

/// <summary>
/// A few files as they are written. With LOVAGE_SNAPSHOTS set to a folder the tests write what they got there, to be
/// read and kept.
/// </summary>
public sealed class SnapshotTests
{
    [Fact]
    public void Emit_InjectedHandlerWithEveryKindOfParameter_IsAsKept() => Check("Shop.DataJobs.g.cs", """
        namespace Shop;
        public sealed record Dataset(string Name);
        public sealed record Summary(int Rows);
        public interface IStore;
        public sealed class DataJobs(IStore store)
        {
            public IStore Store => store;
            [Job("process_data", MaxAttempts = 3, Execution = JobExecution.DedicatedThread, RetryDelaySeconds = 0.5,
                Queue = "cpu")]
            public Summary ProcessData(Dataset data, JobContext context, string? note = null, int size = 10,
                CancellationToken ct = default) => new(size);
            [Job] public Task DailyReportAsync(CancellationToken ct) => Task.CompletedTask;
        }
        """);

    [Fact]
    public void Emit_StaticInternalHandlerWithResult_IsAsKept() => Check("Shop.Sums.g.cs", """
        namespace Shop;
        internal static class Sums { [Job] internal static Task<long> TotalAsync(params int[] numbers) =>
            Task.FromResult(0L); }
        """);

    [Fact]
    public void Emit_ArgumentsByName_IsAsKept() => Check("Shop.MoneyJobs.g.cs", """
        namespace Shop;
        public sealed class MoneyJobs
        {
            [Job("money.move", Arguments = JobArgumentsForm.ByName)]
            public void Move(string fromAccount, string toAccount, decimal amount = 1, string? note = null,
                params string[] tags) { }
        }
        """);

    [Fact]
    public void Emit_TaggedParameters_IsAsKept() => Check("Shop.MailJobs.g.cs", """
        namespace Shop;
        public sealed class MailJobs
        {
            [Job("mail.order")]
            public int Order([Tag("order")] int id, string text, [Tag] Guid? customerId = null,
                [Tag] string? @class = null) => id;
        }
        """);

    [Fact]
    public void Emit_SensitiveParameters_IsAsKept() => Check("Shop.PayJobs.g.cs", """
        namespace Shop;
        public sealed record Card(string Holder, [property: Sensitive] string Number);
        public sealed class PayJobs
        {
            [Job("pay")] public void Pay([Tag] int order, [Sensitive] string password, Card? card = null) { }
        }
        """);

    [Fact]
    public void Emit_AnnotatedArguments_IsAsKept() => Check("Shop.OrderJobs.g.cs", """
        using System.ComponentModel.DataAnnotations;
        namespace Shop;
        public sealed record Order([Required] string Number, List<Line> Lines, Period? Open, Dictionary<string,
            Line[]>? Groups) : IValidatableObject
        {
            public IEnumerable<ValidationResult> Validate(ValidationContext context) => [];
        }
        public sealed record Line([Range(1, 10)] int Quantity, [MinLength(2), Display(Name = "article")]
            string Article);
        public readonly record struct Period([Range(1, 10)] int Days);
        public sealed class OrderJobs { [Job] public void Place(Order order,
            [EmailAddress(ErrorMessage = "No \"mail\".")] string? customer = null) { } [Job]
            public void Plain(int number) { } }
        """);

    [Fact]
    public void Emit_Catalog_IsAsKept() => Check("LovageCatalog.g.cs", """
        namespace Shop;
        public sealed class B(Uri uri) { public Uri Uri => uri; [Job] public void Run() { } }
        public sealed class A { [Job] public void Run() { } [Job] public void Walk() { } }
        """);

    private static void Check(string file, string code)
    {
        var written = Source.Of(code).Generate().Clean()[file].Replace(
            $"\"{typeof(JobGenerator).Assembly.GetName().Version!.ToString(3)}\"",
            "\"VERSION\"",
            StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("LOVAGE_SNAPSHOTS") is { Length: > 0 } folder)
        {
            File.WriteAllText(Path.Combine(folder, file + ".txt"), written);
        }

        Assert.Equal(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Snapshots", file + ".txt")), written);
    }
}
