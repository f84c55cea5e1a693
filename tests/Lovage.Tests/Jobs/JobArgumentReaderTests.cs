using System.Text;
using System.Text.Json.Serialization;

namespace Lovage.Tests.Jobs;

public sealed class JobArgumentReaderTests
{
    private static readonly JobSerializer Serializer = new();

    private static readonly byte[] BrokenUtf8 = [0xC3, 0x28];

    private delegate T Reading<T>(ref JobArgumentReader reader);

    public sealed record Address(string Street, int HouseNumber);

    public sealed record Money
    {
        public Money(decimal amount)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(amount);
            Amount = amount;
        }

        public decimal Amount { get; }
    }

    [JsonPolymorphic, JsonDerivedType(typeof(Circle), "circle")]
    public abstract record Shape;

    public sealed record Circle(double Radius) : Shape;

    [Fact]
    public void Read_ConstructorOfTheAppThrows_IsABadArgument()
    {
        var error = Refused(
            """[[{"amount":-1}],{},{}]""", (ref JobArgumentReader reader) => reader.Read<Money>("price"));

        Assert.Equal("price", error.Parameter);
        Assert.StartsWith(
            "Job 'job.name': argument 'price' is not a Money: amount ('-1') must be a non-negative value.",
            error.Message,
            StringComparison.Ordinal);
        Assert.IsType<ArgumentOutOfRangeException>(error.InnerException);
    }

    [Fact]
    public void Read_PolymorphicJsonWithoutItsType_IsABadArgument()
    {
        var error = Refused(
            """[[{"radius":1}],{},{}]""", (ref JobArgumentReader reader) => reader.Read<Shape>("shape"));

        Assert.Equal("shape", error.Parameter);
        Assert.IsType<NotSupportedException>(error.InnerException);
    }

    [Fact]
    public void Read_Positional_TakesThemInOrder() =>
        Assert.Equal((1, "two", 2.5, true), Read("""[[1,"two",2.5,true],{},{}]""", FourOf));

    [Fact]
    public void Read_Keywords_AreFoundInAnyOrder() =>
        Assert.Equal((1, "two", 2.5, true), Read("""[[],{"d":true,"b":"two","a":1,"c":2.5},null]""", FourOf));

    [Fact]
    public void Read_PositionalThenKeywords_IsAsInPython() =>
        Assert.Equal((1, "two", 2.5, true), Read("""[[1,"two"],{"d":true,"c":2.5},{}]""", FourOf));

    [Fact]
    public void Read_EscapedKeyword_IsTheSameName() =>
        Assert.Equal(
            5, Read("""[[],{"\u0061mount":5},{}]""", (ref JobArgumentReader reader) => reader.Read<int>("amount")));

    [Fact]
    public void Read_Default_IsTakenWhenNothingIsGivenAndOnlyThen()
    {
        static (int, string?) Two(ref JobArgumentReader reader) =>
            (reader.Read("a", 7), reader.Read<string?>("b", "eight"));

        Assert.Equal((7, "eight"), Read("[[],{},{}]", Two));
        Assert.Equal((1, "eight"), Read("[[1],{},{}]", Two));
        Assert.Equal((7, "x"), Read("""[[],{"b":"x"},{}]""", Two));
        Assert.Equal((7, null), Read("""[[],{"b":null},{}]""", Two));
    }

    [Fact]
    public void Read_Missing_NamesTheParameterAndWhatIsExpected()
    {
        var error = Refused(
            "[[1],{},{}]", (ref JobArgumentReader reader) => (reader.Read<int>("a"), reader.Read<string>("who")));
        Assert.Equal(("job.name", "who"), (error.Job, error.Parameter));
        Assert.Equal("Job 'job.name': argument 'who' is missing; a string is expected.", error.Message);
    }

    [Fact]
    public void Read_GivenByPositionAndByName_IsRefused() =>
        Assert.Equal(
            "a", Refused("""[[1],{"a":2},{}]""", (ref JobArgumentReader reader) => reader.Read<int>("a")).Parameter);

    [Fact]
    public void Read_KeywordTwice_IsRefused() =>
        Assert.Equal(
            "a",
            Refused("""[[],{"a":1,"a":1},{}]""", (ref JobArgumentReader reader) => reader.Read<int>("a")).Parameter);

    [Fact]
    public void End_MorePositionalThanParameters_IsRefused()
    {
        var error = Refused("[[1,2],{},{}]", (ref JobArgumentReader reader) => reader.Read<int>("a"));
        Assert.Contains("more positional arguments", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void End_UnknownKeyword_IsRefusedAndNamed()
    {
        var error = Refused(
            """[[1],{"b":2,"typo\u0007":3},{}]""",
            (ref JobArgumentReader reader) => (reader.Read<int>("a"), reader.Read<int>("b")));
        Assert.Contains("typo", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(error.Message, char.IsControl);
    }

    [Fact]
    public void End_ManyUnknownKeywords_KeepTheMessageShort()
    {
        var keywords = string.Join(',', Enumerable.Range(0, 50_000).Select(i => $"\"keyword_{i}\":0"));
        Assert.InRange(Refused($"[[],{{{keywords}}},{{}}]", (ref JobArgumentReader _) => 0).Message.Length, 1, 4_000);
    }

    [Theory]
    [InlineData("\"x\"")]
    [InlineData("\"5\"")]
    [InlineData("1.5")]
    [InlineData("2147483648")]
    [InlineData("[1]")]
    [InlineData("{}")]
    [InlineData("true")]
    [InlineData("null")]
    public void Read_NotAnInteger_NamesTheParameter(string json)
    {
        foreach (var body in (string[])[$"[[{json}],{{}},{{}}]", $"[[],{{\"amount\":{json}}},{{}}]"])
        {
            var error = Refused(body, (ref JobArgumentReader reader) => reader.Read<int>("amount"));
            Assert.Equal("amount", error.Parameter);
            Assert.Contains("32-bit integer", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_NullWhereAllowed_IsNull()
    {
        Assert.Null(Read("[[null],{},{}]", (ref JobArgumentReader reader) => reader.Read<int?>("a")));
        Assert.Null(Read("[[null],{},{}]", (ref JobArgumentReader reader) => reader.Read<Address?>("a")));
    }

    [Theory]
    [InlineData("1e999")]
    [InlineData("-1e999")]
    public void Read_NumberBeyondADouble_IsRefused(string json)
    {
        Assert.Equal(
            "a",
            Refused($"[[{json}],{{}},{{}}]", (ref JobArgumentReader reader) => reader.Read<double>("a")).Parameter);
        Assert.Equal(
            "a",
            Refused($"[[],{{\"a\":{json}}},{{}}]", (ref JobArgumentReader reader) => reader.Read<double?>("a"))
                .Parameter);
        Assert.Equal(
            "a", Refused($"[[{json}],{{}},{{}}]", (ref JobArgumentReader reader) => reader.Read<float>("a")).Parameter);
        Assert.Equal(
            double.MaxValue,
            Read("[[1.7976931348623157e308],{},{}]", (ref JobArgumentReader reader) => reader.Read<double>("a")));
    }

    [Fact]
    public void Read_NumberBeyondADoubleInsideAnArgument_IsRefusedWithItsPlace()
    {
        Assert.Equal(
            "Job 'job.name': argument 'a' holds a number that is too large at $[1].",
            Refused("[[[1,1e999]],{},{}]", (ref JobArgumentReader reader) => reader.Read<double[]>("a")).Message);
        Assert.Equal(
            "Job 'job.name': argument 'a' holds a number that is too large.",
            Refused("[[-1e999],{},{}]", (ref JobArgumentReader reader) => reader.Read<double>("a")).Message);
    }

    [Theory]
    [InlineData("[[1,2,[3],{}],{},{}]", "arguments given by position: 4; the handler takes 2 (a, b).")]
    [InlineData("""[[1],{"b":2,"c":3,"d":4},{}]""", "the handler has no parameter 'c', 'd'; it takes 2 (a, b).")]
    [InlineData(
        """[[],{"a":1,"b":2,"typo\u0007":3},{}]""", "the handler has no parameter 'typo\\u0007'; it takes 2 (a, b).")]
    public void End_MoreThanTheParameters_SaysWhatIsTaken(string body, string message)
    {
        JobParameter[] parameters = [new("a", typeof(int), false), new("b", typeof(int), false)];

        var refused = Assert.Throws<BadArgumentsException>(() =>
        {
            var reader = new JobArgumentReader("job.name", Encoding.UTF8.GetBytes(body), Serializer);
            reader.Read<int>("a");
            reader.Read<int>("b");
            reader.End([.. parameters]);
        });

        Assert.Equal($"Job 'job.name': {message}", refused.Message);
    }

    [Fact]
    public void End_HandlerWithoutParameters_SaysThatItTakesNone()
    {
        static BadArgumentsException End(string body) =>
            Assert.Throws<BadArgumentsException>(
                () => new JobArgumentReader("job.name", Encoding.UTF8.GetBytes(body), Serializer).End([]));

        Assert.Equal(
            "Job 'job.name': arguments given by position: 1; the handler takes none.", End("[[1],{},{}]").Message);
        Assert.Equal(
            "Job 'job.name': the handler has no parameter 'a'; it takes none.", End("""[[],{"a":1},{}]""").Message);
    }

    [Theory]
    [InlineData("""{"street":"Elm"}""")]
    [InlineData("""{"street":null,"house_number":1}""")]
    [InlineData("""{"street":"Elm","house_number":"1"}""")]
    [InlineData("""{"street":"Elm","house_number":1,"street":"Oak"}""")]
    [InlineData("""{"Street":"Elm","HouseNumber":1}""")]
    public void Read_RecordThatDoesNotFit_NamesTheParameterAndItsType(string json)
    {
        var error = Refused(
            $"[[],{{\"to\":{json}}},{{}}]", (ref JobArgumentReader reader) => reader.Read<Address>("to"));
        Assert.Equal("to", error.Parameter);
        Assert.Contains("Address", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Record_IsSnakeCase() =>
        Assert.Equal(new Address("Elm", 12), Read(
            """[[{"street":"Elm","house_number":12}],{},{}]""",
            (ref JobArgumentReader reader) => reader.Read<Address>("to")));

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("[1,{},{}]")]
    [InlineData("[{},{},{}]")]
    [InlineData("[[],[],{}]")]
    [InlineData("[[]]")]
    [InlineData("[[1")]
    [InlineData("[[1,],{},{}]")]
    [InlineData("[[],{\"a\"")]
    [InlineData("[[NaN],{},{}]")]
    public void Constructor_BodyOfAnotherForm_IsRefused(string body)
    {
        var error = Refused(body, (ref JobArgumentReader reader) => reader.Read<int>("a"));
        Assert.Null(error.Parameter);
        Assert.Contains("[args, kwargs, embed]", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(60, true)]
    [InlineData(70, false)]
    [InlineData(100_000, false)]
    public void Constructor_NestedTooDeep_IsRefused(int depth, bool isTaken)
    {
        var value = new string('[', depth) + new string(']', depth);
        foreach (var body in (string[])[$"[[{value}],{{}},{{}}]", $"[[],{{\"a\":{value}}},{{}}]"])
        {
            if (isTaken)
            {
                Assert.Equal(value, Read(
                    body,
                    (ref JobArgumentReader reader) => reader.Read<System.Text.Json.JsonElement>("a").GetRawText()));
            }
            else
            {
                Refused(body, (ref JobArgumentReader reader) => reader.Read<System.Text.Json.JsonElement>("a"));
            }
        }
    }

    [Fact]
    public void Read_BrokenUtf8InAValue_NamesTheParameter()
    {
        byte[] body = [.. "[[\""u8, .. BrokenUtf8, .. "\"],{},{}]"u8];
        Assert.Equal("a", Refused(body, (ref JobArgumentReader reader) => reader.Read<string>("a")).Parameter);
    }

    [Fact]
    public void Read_LoneSurrogate_NamesTheParameter() =>
        Assert.Equal(
            "a",
            Refused("""[["\ud800"],{},{}]""", (ref JobArgumentReader reader) => reader.Read<string>("a")).Parameter);

    [Fact]
    public void End_BrokenUtf8InAKeyword_IsRefused()
    {
        byte[] body = [.. "[[],{\""u8, .. BrokenUtf8, .. "\":1,\"\\ud800\":2},{}]"u8];
        Refused(body, (ref JobArgumentReader reader) => reader.Read("a", 1));
    }

    private static (int, string, double, bool) FourOf(ref JobArgumentReader reader) =>
        (reader.Read<int>("a"), reader.Read<string>("b"), reader.Read<double>("c"), reader.Read<bool>("d"));

    private static T Read<T>(string body, Reading<T> read) => Read(Encoding.UTF8.GetBytes(body), read);

    private static T Read<T>(byte[] body, Reading<T> read)
    {
        var reader = new JobArgumentReader("job.name", body, Serializer);
        var value = read(ref reader);
        reader.End();
        return value;
    }

    private static BadArgumentsException Refused<T>(string body, Reading<T> read) =>
        Refused(Encoding.UTF8.GetBytes(body), read);

    private static BadArgumentsException Refused<T>(byte[] body, Reading<T> read) =>
        Assert.Throws<BadArgumentsException>(() => { Read(body, read); });
}
