using Lovage.Generated;

namespace Lovage.Generators.Tests;

/// <summary>What the generator makes of [Sensitive].</summary>
public sealed class SensitiveTests
{
    private const string Code = """
        using System.ComponentModel.DataAnnotations;
        using System.Text.Json.Serialization;
        namespace Shop;
        public sealed record Card(string Holder, [Sensitive] string Number, [property: Sensitive] int? Code = null);
        public sealed class Wallet
        {
            public Card? Main { get; set; }
            public List<Card> Cards { get; set; } = [];
            public Dictionary<string, Card[]> Named { get; set; } = [];
            [JsonPropertyName("pin")] [Sensitive] public string? Secret { get; set; }
            [JsonIgnore, Sensitive] public string? Ignored { get; set; }
        }
        public sealed class Node { [Sensitive] public string? Key { get; set; } public Node? Next { get; set; } }
        public sealed class Odd { [JsonPropertyName("a.b"), Sensitive] public string? Key { get; set; } }
        [JsonDerivedType(typeof(Bank), "bank")] public abstract record Account(string Name);
        public sealed record Bank(string Name, [Sensitive] string Number) : Account(Name);
        public sealed class PayJobs
        {
            [Job("pay")] public void Pay(int order, [Sensitive] string password, Card card, Wallet? wallet = null) { }
            [Job("deep")] public void Deep(Node node, Odd odd, Account account, IReadOnlyList<Card> cards) { }
            [Job("plain")] public void Plain(string text, CancellationToken ct) { }
            [Job("tagged")] public void Tagged([Tag] int id, [Sensitive] string password) { }
            [Job("named", Arguments = JobArgumentsForm.ByName)]
            public void Named([Sensitive, Range(1, 9)] int first, int second) { }
            [Job("whole")] [return: Sensitive] public Task<string> Whole(int order) => Task.FromResult("t");
            [Job("some")] public ValueTask<List<Card>> Some([Sensitive] string password) => new([]);
            [Job("node")] public Node? Find() => null;
        }
        public static class Use
        {
            public static Job Pay() => PayJobs.Pay(1, "p", new Card("h", "n"));
            public static Job Deep() => PayJobs.Deep(new(), new(), new Bank("a", "b"), []);
            public static Job Plain() => PayJobs.Plain("x");
            public static Job Tagged() => PayJobs.Tagged(5, "x");
            public static Job Named() => PayJobs.Named(1, 2);
            public static Job Whole() => PayJobs.Whole(1);
            public static Job Some() => PayJobs.Some("x");
            public static Job Find() => PayJobs.Find();
        }
        """;

    private static readonly Lazy<Type> Use = new(
        static () => Source.Of(Code).Generate().Clean().Load().GetType("Shop.Use")!);

    [Theory]
    [InlineData(
        "Pay",
        "password#2|card.number#3|card.code#3|wallet.main.number#4|wallet.main.code#4|wallet.cards.number#4"
            + "|wallet.cards.code#4|wallet.named.*.number#4|wallet.named.*.code#4|wallet.pin#4")]
    [InlineData("Deep", "node#1|odd#2|account.number#3|cards.number#4|cards.code#4")]
    [InlineData("Plain", "")]
    [InlineData("Tagged", "password#2")]
    [InlineData("Named", "first#1")]
    [InlineData("Whole", "@result")]
    [InlineData("Some", "@result.number|@result.code|password#1")]
    [InlineData("Find", "@result")]
    public void Factory_SensitiveValues_AreNamedWithTheirPositions(string method, string expected) =>
        Assert.Equal(expected, string.Join('|', Make(method).SensitiveParameters));

    [Fact]
    public void Factory_TagsAndSensitiveArguments_SetsBoth() => Assert.Equal(["id:5"], Make("Tagged").Tags);

    [Theory]
    [InlineData("string password", "LVG0031 at password")]
    [InlineData("string apiKey", "LVG0031 at apiKey")]
    [InlineData("string smtpApiKeyOfTenant", "LVG0031 at smtpApiKeyOfTenant")]
    [InlineData("byte[] clientSecret", "LVG0031 at clientSecret")]
    [InlineData("long? cardNumber", "LVG0031 at cardNumber")]
    [InlineData("Guid token", "LVG0031 at token")]
    [InlineData("string connectionString", "LVG0031 at connectionString")]
    [InlineData("[Sensitive] string password", "")]
    [InlineData("CancellationToken token", "")]
    [InlineData("string continuationToken", "")]
    [InlineData("int tokenCount, bool password, int[] tokens, string secretary", "")]
    [InlineData("[Tag, Sensitive] string customer", "LVG0030 at customer")]
    public void Parameter_ThatLooksSecret_IsHintedAt(string parameters, string expected)
    {
        var findings = Source.Of($$"""
            public sealed class H { [Job] public void Run({{parameters}}) { } }
            """).Generate().Findings;

        Assert.Equal(expected, string.Join('|', findings));
    }

    private static Job Make(string method) => (Job)Use.Value.GetMethod(method)!.Invoke(null, null)!;
}
