namespace Lovage.Tests.Jobs;

public sealed class ErrorFingerprintTests
{
    private const string Traceback =
        """
           at System.Net.Http.HttpClient.SendAsync(HttpRequestMessage request)
           at Lovage.Execution.JobRunner.RunAsync(JobAttempt attempt)
           at Shop.Mail.SendAsync(String to) in /src/Shop/Mail.cs:line 12
           at Shop.MailJobs.WelcomeAsync(Int32 customer) in /src/Shop/MailJobs.cs:line 34
        """;

    private static readonly JobError Error = new("System.TimeoutException", "It took 3 s.", Traceback);

    [Fact]
    public void Fingerprint_IsSixteenHexadecimalDigitsThatNeverChange()
    {
        // Fingerprints are stored: another value here starts new groups in every storage there is.
        Assert.Matches("^[0-9a-f]{16}$", Error.Fingerprint("mail.welcome"));
        Assert.Equal(
            Expected("mail.welcome\nSystem.TimeoutException\nShop.Mail.SendAsync"),
            Error.Fingerprint("mail.welcome"));

        static string Expected(string text) => Convert.ToHexStringLower(
            System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)))[..16];
    }

    [Fact]
    public void Fingerprint_MessageLinesAndInnerFrames_DoNotCount()
    {
        var print = Error.Fingerprint("a");

        Assert.Equal(print, (Error with { Message = "It took 5 s." }).Fingerprint("a"));
        Assert.Equal(print, (Error with { Traceback = Traceback.Replace("12", "99") }).Fingerprint("a"));
        Assert.Equal(print, (Error with { Traceback = Traceback.Replace("HttpClient", "Other") }).Fingerprint("a"));
        Assert.Equal(print, (Error with { Traceback = Traceback.Replace("\n", "\r\n") }).Fingerprint("a"));
    }

    [Fact]
    public void Fingerprint_NameTypeAndUserFrame_Count()
    {
        string[] prints =
        [
            Error.Fingerprint("a"),
            Error.Fingerprint("b"),
            (Error with { Type = "Other" }).Fingerprint("a"),
            (Error with { Traceback = Traceback.Replace("Shop.Mail.Send", "Shop.Sms.Send") }).Fingerprint("a"),
            (Error with { Traceback = null }).Fingerprint("a"),
        ];

        Assert.Equal(prints.Length, prints.Distinct().Count());
        Assert.Equal((Error with { Traceback = "" }).Fingerprint("a"), prints[^1]);
    }

    [Theory]
    [InlineData("   at System.A.B()\n   at Microsoft.C.D()", "System.A.B")]
    [InlineData("   at SystemShop.A.B()", "SystemShop.A.B")]
    [InlineData("   at System.A.B()\n--- End of stack trace ---\n   at Shop.C.<D>b__0(Int32 x)", "Shop.C.<D>b__0")]
    [InlineData("   at Shop.A.B", "Shop.A.B")]
    [InlineData("no frames at all", null)]
    [InlineData("", null)]
    [InlineData(
        "Traceback (most recent call last):\n  File \"a.py\", line 3, in run\n  File \"b.py\", line 9, in add",
        "b.py add")]
    [InlineData("  File \"\", line 3, in run", null)]
    public void Frame_IsTheTopmostOfUserCode(string traceback, string? expected) =>
        Assert.Equal(expected, ErrorFingerprint.Frame(new JobError("T", "m", traceback)));

    [Fact]
    public void Frame_OfAnyText_DoesNotThrow()
    {
        var random = new Random(5);
        string[] parts = ["at ", "File \"", "\"", ", in ", "\n", "(", "System.", "\r", "\uD800", "x", " "];
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Concat(random.GetItems(parts, random.Next(12)));
            Assert.Equal(16, new JobError("T", "m", text).Fingerprint(text).Length);
        }
    }
}
