namespace Lovage.Tests.Jobs;

public sealed class JobErrorTests
{
    [Fact]
    public void From_ThrownException_HasTypeMessageAndTrace()
    {
        var error = JobError.From(Thrown(new InvalidOperationException("no stock")));
        Assert.Equal(("System.InvalidOperationException", "no stock"), (error.Type, error.Message));
        Assert.Contains(nameof(Thrown), error.Traceback!, StringComparison.Ordinal);
    }

    [Fact]
    public void From_Causes_AreToldOneByOne()
    {
        var error = JobError.From(Thrown(
            new InvalidOperationException("outer", Thrown(new IOException("middle", new FormatException("inner"))))));
        var trace = error.Traceback!;
        Assert.Equal("outer", error.Message);
        Assert.Contains("--- caused by System.IO.IOException: middle", trace, StringComparison.Ordinal);
        Assert.Contains("--- caused by System.FormatException: inner", trace, StringComparison.Ordinal);
        Assert.True(
            trace.IndexOf("middle", StringComparison.Ordinal) < trace.IndexOf("inner", StringComparison.Ordinal));
    }

    [Fact]
    public void From_ThousandsOfCauses_TellsTheFirstTen()
    {
        Exception exception = new FormatException("0");
        for (var i = 1; i < 5_000; i++)
        {
            exception = new FormatException($"{i}", exception);
        }

        var trace = JobError.From(exception).Traceback!;
        Assert.Equal(9, trace.Split("--- caused by").Length - 1);
        Assert.Contains("FormatException: 4990\n", trace, StringComparison.Ordinal);
        Assert.DoesNotContain("FormatException: 4989\n", trace, StringComparison.Ordinal);
    }

    [Fact]
    public void From_MessageOf50Megabytes_IsCut()
    {
        var error = JobError.From(new InvalidOperationException(
            new string('m', 50 * 1024 * 1024), new FormatException(new string('i', 1_000_000))));
        Assert.Equal(16 * 1024, error.Message.Length);
        Assert.EndsWith("m...", error.Message, StringComparison.Ordinal);
        Assert.Equal(16 * 1024, error.Traceback!.Length);
        Assert.EndsWith("i...", error.Traceback, StringComparison.Ordinal);
    }

    [Fact]
    public void From_MessageAsLongAsAllowed_IsKept()
    {
        var text = new string('m', 16 * 1024);
        Assert.Equal(text, JobError.From(new InvalidOperationException(text)).Message);
    }

    [Fact]
    public void From_ExceptionWhoseOwnTextThrows_SaysSo()
    {
        var error = JobError.From(new HostileException());
        Assert.Contains("could not be read: System.NotImplementedException", error.Message, StringComparison.Ordinal);
        Assert.Contains("could not be read: System.DivideByZeroException", error.Traceback!, StringComparison.Ordinal);
        Assert.Contains(nameof(HostileException), error.Type, StringComparison.Ordinal);
    }

    [Fact]
    public void From_HostileCause_SaysSo() =>
        Assert.Contains(
            "could not be read: System.NotImplementedException",
            JobError.From(new InvalidOperationException("outer", new HostileException())).Traceback!,
            StringComparison.Ordinal);

    [Fact]
    public void From_NullMessage_IsEmpty() => Assert.Equal("", JobError.From(new SilentException()).Message);

    private static Exception Thrown(Exception exception)
    {
        try
        {
            throw exception;
        }
        catch (Exception thrown)
        {
            return thrown;
        }
    }

    private sealed class HostileException : Exception
    {
        public override string Message => throw new NotImplementedException();

        public override string StackTrace => throw new DivideByZeroException();
    }

    private sealed class SilentException : Exception
    {
        public override string Message => null!;
    }
}
