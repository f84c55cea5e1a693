namespace Lovage.Generators.Tests;

/// <summary>The tags that a factory writes of its arguments.</summary>
public sealed class TagTests
{
    private const string Code = """
        namespace Shop;
        public enum Size { Small, Large }
        public sealed class MailJobs
        {
            [Job("mail.order")] public int Order([Tag("order")] int id, string text, [Tag] Guid? customerId = null,
                [Tag] string? @class = null, [Tag("size")] Size size = Size.Small) => id;
            [Job] public void Plain(int id) { }
        }
        public static class Use
        {
            public static Job All() => MailJobs.Order(42, "x", new Guid("0198f2c0-0000-7000-8000-000000000001"), "a b",
                Size.Large);
            public static Job Few() => MailJobs.Order(id: -1, text: "y");
            public static Job More() => Add(MailJobs.Order(1, "z"), "b");
            public static Job None() => MailJobs.Plain(1);
            public static Job Long() => MailJobs.Order(1, "z", @class: new string('w', 59));
            private static Job Add(Job job, string tag) => job with { Tags = [.. job.Tags, tag] };
        }
        """;

    private static readonly Lazy<Type> Use = new(
        static () => Source.Of(Code).Generate().Clean().Load().GetType("Shop.Use")!);

    [Fact]
    public void Factory_TaggedParameters_WritesATagForEachValue()
    {
        Assert.Equal(
            ["order:42", "customer_id:0198f2c0-0000-7000-8000-000000000001", "class:a b", "size:Large"],
            Make("All").Tags);
        Assert.Equal(["order:-1", "size:Small"], Make("Few").Tags);
        Assert.Equal(["order:1", "size:Small", "b"], Make("More").Tags);
        Assert.Empty(Make("None").Tags);
    }

    [Fact]
    public void Factory_TagThatIsTooLong_IsRefusedByTheParametersName()
    {
        var refusal = Assert.Throws<System.Reflection.TargetInvocationException>(() => Make("Long"));

        Assert.Equal("class", Assert.IsType<ArgumentException>(refusal.InnerException).ParamName);
    }

    private static Job Make(string method) => (Job)Use.Value.GetMethod(method)!.Invoke(null, null)!;
}
