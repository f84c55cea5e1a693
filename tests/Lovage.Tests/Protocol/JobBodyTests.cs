using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Lovage.Protocol;

namespace Lovage.Tests.Protocol;

public sealed class JobBodyTests
{
    private const string Embed = """,{"callbacks":null,"errbacks":null,"chain":null,"chord":null}]""";
    private static readonly JobSerializer Serializer = new();

    [Fact]
    public void Encode_NoArguments_IsTheSharedConstant()
    {
        Assert.Equal(JobBody.Empty, JobBody.Encode("a", JobArguments.None, Serializer));
        Assert.Equal(JobBody.Empty, JobBody.Encode("a", new Nothing(), Serializer));
        Assert.Equal("[[],{}" + Embed, Encoding.UTF8.GetString(JobBody.Empty.Span));
    }

    [Fact]
    public void Encode_PositionalAndKeyword_IsCelerysArrayOfThree()
    {
        var body = JobBody.Encode("a", JobArguments.Of([1, "ž😀", null, 1.5], [new("b", true)]), Serializer);

        Assert.Equal("""[[1,"ž\uD83D\uDE00",null,1.5],{"b":true}""" + Embed, Encoding.UTF8.GetString(body.Span));
        JobBody.Check(body.Span);
    }

    [Theory]
    [InlineData("[1]", "{}", 0)]
    [InlineData("[1,2]", "{}", 2)]
    [InlineData("[1,null,[3,{}]]", "{}", 3)]
    [InlineData("[1]", "{\"c\":{\"b\":1}}", 3)]
    [InlineData("[]", "{\"c\":3,\"a\":[1]}", 3)]
    [InlineData("[]", "{\"\\u0062\":2,\"a\":1}", 2)]
    [InlineData("[]", "{\"a\":1,\"other\":2}", 0)]
    [InlineData("[1,2,3,4]", "{}", 0)]
    public void Reach_Body_IsTheLastOptionalParameterThatItHolds(string args, string kwargs, int expected)
    {
        ImmutableArray<JobParameter> parameters =
            [new("a", typeof(int), false), new("b", typeof(int), true), new("c", typeof(int), true)];
        var body = Encoding.UTF8.GetBytes($"[{args},{kwargs}{Embed}");

        Assert.Equal(expected, JobBody.Reach(body, parameters));
        Assert.Equal(0, JobBody.Reach(body, [.. parameters.Select(static p => p with { IsOptional = false })]));
        Assert.Equal(0, JobBody.Reach(body, []));
    }

    [Fact]
    public void Encode_ExactlyTheCap_Fits()
    {
        // [["xxx"],{} is eight bytes and the text.
        var arguments = JobArguments.Of([new string('x', 92)]);

        Assert.Equal(100 + Embed.Length, JobBody.Encode("a", arguments, Serializer, payloadBytesMax: 100).Length);
        Assert.Equal(
            99,
            Assert.Throws<PayloadTooLargeException>(() =>
                JobBody.Encode("a", arguments, Serializer, payloadBytesMax: 99)).SizeBytesMax);
    }

    [Fact]
    public void Encode_OverTheCap_StopsLongBeforeTheEnd()
    {
        var written = 0;
        var arguments = new Endless(() => written++);

        Assert.Throws<PayloadTooLargeException>(() => JobBody.Encode("a", arguments, Serializer));

        // 256 KiB of items of 101 bytes, and the writer's own buffer.
        Assert.InRange(written, 2_000, 3_500);
    }

    [Fact]
    public void Encode_OneTextFarOverTheCap_DoesNotAllocateForIt()
    {
        var arguments = JobArguments.Of([new string('x', 20_000_000)]);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Throws<PayloadTooLargeException>(() => JobBody.Encode("a", arguments, Serializer));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void Encode_Warm_AllocatesTheBodyAlone()
    {
        var arguments = new Pair();
        var body = JobBody.Encode("a", arguments, Serializer);
        for (var i = 0; i < 100; i++)
        {
            JobBody.Encode("a", arguments, Serializer);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        JobBody.Encode("a", arguments, Serializer);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        // An array's header is 24 bytes, and sizes are rounded up to 8.
        Assert.InRange(allocated, 1, body.Length + 32);
    }

    [Fact]
    public void Encode_InsideAnotherEncode_KeepsBothApart()
    {
        var body = JobBody.Encode("outer", new Nesting(), Serializer);

        Assert.Equal("""[["before","[[1]","after"],{}""" + Embed, Encoding.UTF8.GetString(body.Span));
    }

    [Fact]
    public void Encode_AfterAFailure_StartsAfresh()
    {
        Assert.Throws<BadArgumentsException>(() => JobBody.Encode("a", JobArguments.Of([1, double.NaN]), Serializer));

        Assert.Equal(
            "[[2],{}" + Embed, Encoding.UTF8.GetString(JobBody.Encode("a", JobArguments.Of([2]), Serializer).Span));
    }

    [Fact]
    public void Encode_ArgumentsThatLeaveAnArrayOpen_AreRefused() =>
        Assert.Throws<BadArgumentsException>(() => JobBody.Encode("a", new Open(), Serializer));

    [Fact]
    public void Encode_NestingThatNobodyCouldRead_IsRefused()
    {
        using var deep = JsonDocument.Parse(new string('[', 64) + new string(']', 64));

        Assert.Throws<BadArgumentsException>(
            () => JobBody.Encode("a", JobArguments.FromJson(deep.RootElement), Serializer));
    }

    [Theory]
    [InlineData("a", "[[1],{},null]", true)]
    [InlineData("a", """[[1],{},{"chain":null}]""", true)]
    [InlineData("a", "[[2],{},null]", false)]
    [InlineData("a", """[[1],{"b":1},null]""", false)]
    [InlineData("b", "[[1],{},null]", false)]
    public void SameMeaning_NameAndArguments_Decide(string name, string body, bool same) =>
        Assert.Equal(same, JobBody.SameMeaning(Message("a", "[[1],{},null]"), Message(name, body)));

    private static JobMessage Message(string name, string body) =>
        new() { Id = JobId.Parse("1"), Name = name, Queue = "q", Body = Encoding.UTF8.GetBytes(body) };

    private sealed class Nothing : JobArguments
    {
        public override void WritePositional(Utf8JsonWriter writer, JobSerializer serializer)
        {
        }
    }

    private sealed class Pair : JobArguments
    {
        public override void WritePositional(Utf8JsonWriter writer, JobSerializer serializer)
        {
            serializer.Write(writer, 1);
            serializer.Write(writer, "two");
        }
    }

    private sealed class Open : JobArguments
    {
        public override void WritePositional(Utf8JsonWriter writer, JobSerializer serializer) =>
            writer.WriteStartArray();
    }

    private sealed class Nesting : JobArguments
    {
        public override void WritePositional(Utf8JsonWriter writer, JobSerializer serializer)
        {
            writer.WriteStringValue("before");
            writer.WriteStringValue(JobBody.Encode("inner", Of([1]), serializer).Span[..4]);
            writer.WriteStringValue("after");
        }
    }

    private sealed class Endless(Action wrote) : JobArguments
    {
        public override void WritePositional(Utf8JsonWriter writer, JobSerializer serializer)
        {
            while (true)
            {
                wrote();
                writer.WriteStringValue(new string('x', 98));
            }
        }
    }
}
