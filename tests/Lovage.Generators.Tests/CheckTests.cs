using System.Collections.Immutable;
using System.Reflection;
using System.Text;
using Microsoft.CodeAnalysis;

namespace Lovage.Generators.Tests;

/// <summary>Data annotations on parameters and types: the checks are generated, compiled, loaded and run.</summary>
public sealed partial class CheckTests
{
    private const string Shop = """
        using System.Collections.Immutable;
        using System.ComponentModel.DataAnnotations;
        using System.Linq;
        using System.Text.Json.Serialization;
        namespace Shop;
        public sealed record Order([Required] string Number, List<Line> Lines, Customer? Buyer = null,
            IReadOnlyDictionary<string, List<Line[]>?>? Groups = null, Span? Period = null, Span Due = default);
        public sealed record Line([Range(1, 10)] int Quantity, [property: JsonPropertyName("art"),
            StringLength(3, MinimumLength = 2)] string Article = "abc");
        public class Customer
        {
            [EmailAddress, Display(Name = "e-mail")] public string? Mail { get; set; }
            [RegularExpression("[a-z]+")] public virtual string? Code { get; set; }
            [JsonIgnore, Required] public string? Secret { get; set; }
            [JsonInclude, Range(0, 5)] internal int Stars { get; set; }
            [Required] private string? Own { get; set; }
        }
        public sealed class Vip([Range(1.5, 2)] double level) : Customer { public double Level => level; [MaxLength(2)]
            public override string? Code { get; set; } }
        public readonly record struct Span(int From, [property: CustomValidation(typeof(Span), "Even")] int To)
            : IValidatableObject
        {
            public static ValidationResult? Even(int value) => value % 2 == 0 ? ValidationResult.Success
                : new ValidationResult("It is odd.");
            public IEnumerable<ValidationResult> Validate(ValidationContext context) =>
                From > To ? [new ValidationResult($"The {context.DisplayName} ends before it begins.", [nameof(To)])]
                : [];
        }
        [JsonDerivedType(typeof(Circle), "circle"), JsonDerivedType(typeof(Ring), "ring"),
            JsonDerivedType(typeof(Dot), "dot")]
        public abstract record Shape([Range(0, 9)] int Layer);
        public record Circle(int Layer, [Range(1, 5)] int Radius) : Shape(Layer);
        public sealed record Ring(int Layer, int Radius, [Range(1, 2)] int Hole) : Circle(Layer, Radius);
        public sealed record Dot(int Layer) : Shape(Layer);
        [JsonDerivedType(typeof(Cat), "cat")] public interface IPet { [StringLength(3)] string Name { get; } }
        public sealed record Cat(string Name, [Range(0, 9)] int Lives) : IPet;
        public sealed record Tree([Range(0, 9)] int Value, Tree? Left = null, List<Tree?>? Others = null);
        public sealed class Forest : List<Forest>, IValidatableObject {
            public IEnumerable<ValidationResult> Validate(ValidationContext context) =>
            Count > 2 ? [new ValidationResult("More than two.")] : []; }
        public sealed record Page<T>(T[] Items, [Range(1, 100)] int Size);
        public sealed record Money([Range(typeof(decimal), "0.01", "100")] decimal Amount);
        [AttributeUsage(AttributeTargets.All, AllowMultiple = true)]
        public sealed class OddAttribute(object? one, string[] names, params Type[] types) : ValidationAttribute
        {
            public DayOfWeek Day { get; set; }
            public byte Small { get; set; }
            public string? Text { get; set; }
            public char @class;
            protected override ValidationResult? IsValid(object? value, ValidationContext context) =>
                new($"{one?.GetType().Name}:{one} {string.Join('+', names)} "
                    + $"{string.Join('+', types.Select(t => t.Name))} {Day} {Small} {Text} {@class} "
                    + $"{context.MemberName} {context.ObjectInstance is Tagged}");
        }
        public sealed record Tagged([Odd((byte)5, ["a\"", "b"], typeof(List<>), typeof(int), Day = (DayOfWeek)9,
            Small = 7, Text = "\n", @class = 'x')] int Value = 0, [Odd(null, [])] int Other = 0);
        [Complete] public sealed class Pair
            { [Range(0, 9)] public int First { get; set; } public int Second { get; set; } }
        [AttributeUsage(AttributeTargets.Class)]
        public sealed class CompleteAttribute : ValidationAttribute { public override bool IsValid(object? value) =>
            value is Pair { First: var a, Second: var b } && a < b; }
        public sealed record Plain(string Name, Uri? Link, List<int>? Numbers);
        public sealed class ShopJobs
        {
            [Job("plain")] public void Plain(Plain plain, string text, CancellationToken token) { }
            [Job("mail")] public int Mail([Required, EmailAddress] string address, [Range(0, 3600)]
                double seconds = 1, [StringLength(5)] string? note = null,
                [RegularExpression("^(a+)+$", MatchTimeoutInMilliseconds = 100)] string? pattern = null) => 1;
            [Job("order")] public void Order(Order theOrder) { }
            [Job("customers")] public void Customers(Customer? one = null, Vip? two = null) { }
            [Job("shapes")] public void Shapes(Shape shape, IPet? pet = null) { }
            [Job("trees")] public void Trees(Tree? tree = null, Forest? forest = null) { }
            [Job("page")] public void Pages(Page<Line> page) { }
            [Job("money")] public void Pay(Money money, [MinLength(1)] int[]? parts = null) { }
            [Job("odd")] public void Odd(Tagged? tagged = null, Pair? pair = null) { }
            [Job("lazy")] public void Lazy(IEnumerable<Line> lines, ImmutableArray<Line> fixedLines = default,
                ImmutableArray<Line>? maybe = null) { }
            [Job("many")] public void Many(Line[] lines) { }
        }
        public static class Use
        {
            public static int Read;
            public static Job Cycle() { var tree = new Tree(1, null, []); tree.Others!.Add(tree); tree.Others.Add(tree);
                return ShopJobs.Trees(tree); }
            public static Job Lazy() => ShopJobs.Lazy(Lines(), []);
            public static Job Mail() => ShopJobs.Mail("stranger", seconds: double.NaN);
            public static Job Good() => ShopJobs.Mail("a@b.c");
            private static IEnumerable<Line> Lines() { Read++; yield return new Line(99); }
        }
        """;

    private static readonly Lazy<(Assembly Assembly, JobCatalog Catalog, string Code)> Loaded = new(static () =>
    {
        var generated = Source.Of(Shop).Generate().Clean();
        var assembly = generated.Load();
        return (
            assembly,
            (JobCatalog)assembly.GetType("Shop.ShopJobsCatalog")!.GetProperty("Catalog")!.GetValue(null)!,
            generated["Shop.ShopJobs.g.cs"]);
    });

    [Theory]
    [InlineData("plain", """{"name":"","link":null,"numbers":[1]},"" """)]
    [InlineData("mail", "\"a@b.c\",3600,\"12345\",\"aaa\"")]
    [InlineData(
        "order",
        """{"number":"7","lines":[{"quantity":10,"art":"ab"}],"buyer":{"mail":null,"code":"ab","stars":5},"groups":"""
            + """{"x":null,"y":[[{"quantity":1,"art":"abc"}]]},"period":{"from":1,"to":2},"due":{"from":2,"to":2}}""")]
    [InlineData(
        "order", """{"number":"7","lines":[],"buyer":null,"groups":null,"period":null,"due":{"from":0,"to":0}}""")]
    [InlineData("customers", """{"mail":"a@b.c"},{"level":2,"code":"ab"}""")]
    [InlineData("shapes", """{"$type":"ring","layer":9,"radius":5,"hole":2},{"$type":"cat","name":"Tom","lives":9}""")]
    [InlineData("trees", """{"value":1,"left":{"value":9,"left":null,"others":null},"others":[null]},[[],[[]]]""")]
    [InlineData("page", """{"items":[{"quantity":1,"art":"abc"}],"size":1}""")]
    [InlineData("money", """{"amount":0.01},[1]""")]
    [InlineData("odd", """null,{"first":1,"second":2}""")]
    [InlineData("lazy", """[{"quantity":1,"art":"abc"}]""")]
    public void Validate_GoodArguments_AreTaken(string job, string arguments) => Check(job, arguments);

    [Theory]
    [InlineData(
        "mail", "\"stranger\"", "address", "argument 'address': The address field is not a valid e-mail address.")]
    [InlineData("mail", "\"\"", "address", "argument 'address': The address field is required.")]
    [InlineData(
        "mail", "\"a@b.c\",3601", "seconds", "argument 'seconds': The field seconds must be between 0 and 3600.")]
    [InlineData(
        "mail", "\"a@b.c\",1e300", "seconds", "argument 'seconds': The field seconds must be between 0 and 3600.")]
    [InlineData(
        "mail",
        "\"a@b.c\",1,\"123456\"",
        "note",
        "argument 'note': The field note must be a string with a maximum length of 5.")]
    [InlineData(
        "mail",
        "\"a@b.c\",1,null,\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"",
        "pattern",
        "argument 'pattern': The field pattern could not be matched within 0.1 s.")]
    [InlineData(
        "mail",
        "\"x\",-1,\"123456\"",
        "address",
        "argument 'address': The address field is not a valid e-mail address. argument 'seconds': The field seconds "
            + "must be between 0 and 3600. argument 'note': The field note must be a string with a maximum length of "
            + "5.")]
    [InlineData(
        "order",
        """{"number":"7","lines":[{"quantity":1,"art":"abc"},{"quantity":11,"art":"abc"}],"buyer":null,"groups":"""
            + """null,"period":null,"due":{"from":0,"to":0}}""",
        "the_order",
        "argument 'the_order.lines[1].quantity': The field quantity must be between 1 and 10.")]
    [InlineData(
        "order",
        """{"number":" ","lines":[],"buyer":null,"groups":null,"period":null,"due":{"from":0,"to":0}}""",
        "the_order",
        "argument 'the_order.number': The number field is required.")]
    [InlineData(
        "order",
        """{"number":"7","lines":[{"quantity":1,"art":"long"}],"buyer":null,"groups":null,"period":null,"due":"""
            + """{"from":0,"to":0}}""",
        "the_order",
        "argument 'the_order.lines[0].art': The field art must be a string with a minimum length of 2 and a maximum "
            + "length of 3.")]
    [InlineData(
        "order",
        """{"number":"7","lines":[],"buyer":{"mail":"x"},"groups":null,"period":null,"due":{"from":0,"to":0}}""",
        "the_order",
        "argument 'the_order.buyer.mail': The e-mail field is not a valid e-mail address.")]
    [InlineData(
        "order",
        """{"number":"7","lines":[],"buyer":{"stars":6},"groups":null,"period":null,"due":{"from":0,"to":0}}""",
        "the_order",
        "argument 'the_order.buyer.stars': The field stars must be between 0 and 5.")]
    [InlineData(
        "order",
        """{"number":"7","lines":[],"buyer":null,"groups":{"o\u0007k":[[],[{"quantity":0,"art":"abc"}]]},"period":"""
            + """null,"due":{"from":0,"to":0}}""",
        "the_order",
        "argument 'the_order.groups[o\\u0007k][1][0].quantity': The field quantity must be between 1 and 10.")]
    [InlineData(
        "order",
        """{"number":"7","lines":[],"buyer":null,"groups":null,"period":{"from":5,"to":4},"due":{"from":0,"to":0}}""",
        "the_order",
        "argument 'the_order.period.to': The period ends before it begins.")]
    [InlineData(
        "order",
        """{"number":"7","lines":[],"buyer":null,"groups":null,"period":null,"due":{"from":9,"to":3}}""",
        "the_order",
        "argument 'the_order.due.to': It is odd.")]
    [InlineData(
        "customers",
        """{"code":"A"}""",
        "one",
        "argument 'one.code': The field code must match the regular expression '[a-z]+'.")]
    [InlineData(
        "customers",
        """null,{"level":1,"code":"ABC"}""",
        "two",
        "argument 'two.level': The field level must be between 1.5 and 2. argument 'two.code': The field code must be "
            + "a string or array type with a maximum length of '2'. argument 'two.code': The field code must match "
            + "the regular expression '[a-z]+'.")]
    [InlineData(
        "shapes",
        """{"$type":"ring","layer":10,"radius":0,"hole":3}""",
        "shape",
        "argument 'shape.hole': The field hole must be between 1 and 2. argument 'shape.radius': The field radius "
            + "must be between 1 and 5. argument 'shape.layer': The field layer must be between 0 and 9.")]
    [InlineData(
        "shapes",
        """{"$type":"circle","layer":1,"radius":0}""",
        "shape",
        "argument 'shape.radius': The field radius must be between 1 and 5.")]
    [InlineData(
        "shapes",
        """{"$type":"dot","layer":-1}""",
        "shape",
        "argument 'shape.layer': The field layer must be between 0 and 9.")]
    [InlineData(
        "shapes",
        """{"$type":"dot","layer":1},{"$type":"cat","name":"Thomas","lives":10}""",
        "pet",
        "argument 'pet.lives': The field lives must be between 0 and 9. argument 'pet.name': The field name must be a "
            + "string with a maximum length of 3.")]
    [InlineData(
        "trees",
        """{"value":1,"left":{"value":1,"left":{"value":10,"left":null,"others":null},"others":null},"others":[null,"""
            + """{"value":11,"left":null,"others":null}]}""",
        "tree",
        "argument 'tree.left.left.value': The field value must be between 0 and 9. argument 'tree.others[1].value': "
            + "The field value must be between 0 and 9.")]
    [InlineData("trees", "null,[[],[[],[],[]]]", "forest", "argument 'forest[1]': More than two.")]
    [InlineData(
        "page",
        """{"items":[{"quantity":0,"art":"abc"}],"size":0}""",
        "page",
        "argument 'page.items[0].quantity': The field quantity must be between 1 and 10. argument 'page.size': The "
            + "field size must be between 1 and 100.")]
    [InlineData(
        "money",
        """{"amount":0.001},[]""",
        "money",
        "argument 'money.amount': The field amount must be between 0.01 and 100. argument 'parts': The field parts "
            + "must be a string or array type with a minimum length of '1'.")]
    [InlineData(
        "odd",
        """{"value":1,"other":2}""",
        "tagged",
        "argument 'tagged.value': Byte:5 a\"+b List`1+Int32 9 7 \\u000a x Value True argument 'tagged.other': :  "
            + "\u0020Sunday 0  \\u0000 Other True")]
    [InlineData("odd", """null,{"first":3,"second":2}""", "pair", "argument 'pair': The field pair is invalid.")]
    [InlineData(
        "odd",
        """null,{"first":10,"second":2}""",
        "pair",
        "argument 'pair.first': The field first must be between 0 and 9.")]
    [InlineData(
        "lazy",
        """[{"quantity":0,"art":"abc"}],[{"quantity":0,"art":"abc"}],[{"quantity":0,"art":"abc"}]""",
        "lines",
        "argument 'lines[0].quantity': The field quantity must be between 1 and 10. argument "
            + "'fixed_lines[0].quantity': The field quantity must be between 1 and 10. argument 'maybe[0].quantity': "
            + "The field quantity must be between 1 and 10.")]
    public void Validate_BadArgument_IsNamedByItsPathOnTheWire(
        string job, string arguments, string parameter, string message)
    {
        var refused = Assert.Throws<BadArgumentsException>(() => Check(job, arguments));

        Assert.Equal($"Job '{job}': {message}", refused.Message);
        Assert.Equal((job, parameter), (refused.Job, refused.Parameter));
    }

    [Fact]
    public void Validate_ManyFindings_TellsTheFirstFive()
    {
        var refused = Assert.Throws<BadArgumentsException>(
            () => Check("many", $"[{string.Join(',', Enumerable.Repeat("""{"quantity":0,"art":"abc"}""", 50))}]"));

        Assert.Contains("'lines[4].quantity'", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("'lines[5]", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Validate_ObjectThatHoldsItself_IsRefusedAtOnce()
    {
        var job = Made("Cycle");

        var refused = Assert.Throws<BadArgumentsException>(() => job.Arguments.Validate(job.Name));
        await Assert.ThrowsAsync<BadArgumentsException>(() => Invocation.RunAsync(Definition(job.Name), job.Arguments));

        Assert.Equal("tree", refused.Parameter);
        Assert.Contains("nested deeper than 64 levels", refused.Message, StringComparison.Ordinal);
        Assert.InRange(refused.Message.Length, 1, 400);
    }

    [Fact]
    public void Validate_SequenceWithoutACount_IsNotReadUp()
    {
        var job = Made("Lazy");

        job.Arguments.Validate(job.Name);

        Assert.Equal(0, Loaded.Value.Assembly.GetType("Shop.Use")!.GetField("Read")!.GetValue(null));
        Assert.Equal("[[{\"quantity\":99,\"art\":\"abc\"}],[]]", Wire.Positional(job.Arguments));
    }

    [Fact]
    public async Task Invoke_BadArgumentsFromTheWireOrCaptured_NeverReachTheHandler()
    {
        var fromTheWire = await Assert.ThrowsAsync<BadArgumentsException>(
            () => Invocation.RunAsync(Definition("mail"), "[[\"stranger\"],{},{}]"));
        var captured = await Assert.ThrowsAsync<BadArgumentsException>(
            () => Invocation.RunAsync(Definition("mail"), Made("Mail").Arguments));
        var good = await Invocation.RunAsync(Definition("mail"), Made("Good").Arguments);

        Assert.Equal("address", fromTheWire.Parameter);
        Assert.Contains("'address'", captured.Message, StringComparison.Ordinal);
        Assert.Contains("'seconds'", captured.Message, StringComparison.Ordinal);
        Assert.Equal(1, good.ResultValue);
    }
}
