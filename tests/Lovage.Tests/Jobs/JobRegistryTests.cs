namespace Lovage.Tests.Jobs;

public sealed class JobRegistryTests
{
    [Fact]
    public void TryFind_NameOrAlias_IsTheSameJob()
    {
        var registry = Of(Define("mail.send", "send_mail", "mailer.send"), Define("mail.check"));
        Assert.True(registry.TryFind("mail.send", out var job));
        Assert.True(registry.TryFind("send_mail", out var old));
        Assert.True(registry.TryFind("mailer.send", out var older));
        Assert.Same(job, old);
        Assert.Same(job, older);
        Assert.False(registry.TryFind("Mail.Send", out _));
        Assert.False(registry.TryFind("", out _));
    }

    [Fact]
    public void Jobs_OfSeveralCatalogs_AreInOrderOfTheirNames() =>
        Assert.Equal(
            ["a", "b", "c"],
            new JobRegistry(new JobCatalog([Define("c"), Define("a")]), new JobCatalog([Define("b")]))
                .Jobs
                .Select(job => job.Name));

    [Fact]
    public void Constructor_SameCatalogTwice_CountsOnce()
    {
        var catalog = new JobCatalog([Define("a")]);
        Assert.Single(new JobRegistry(catalog, catalog).Jobs);
    }

    [Theory]
    [InlineData("send", new string[0], "send", new string[0], "send")]
    [InlineData("send", new[] { "old" }, "old", new string[0], "old")]
    [InlineData("send", new[] { "old" }, "post", new[] { "old" }, "old")]
    public void Constructor_TwoJobsOfOneName_SaysWhichAndWhatToDo(
        string first, string[] firstAliases, string second, string[] secondAliases, string twice)
    {
        var error = Assert.Throws<ArgumentException>(() => Of(
            Define(first, firstAliases) with { Handler = "Shop.Mail.Send" },
            Define(second, secondAliases) with { Handler = "Shop.Post.Send" }));
        Assert.Contains($"'{twice}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("Shop.Mail.Send", error.Message, StringComparison.Ordinal);
        Assert.Contains("Shop.Post.Send", error.Message, StringComparison.Ordinal);
        Assert.Contains("[Job]", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mail.sned", "mail.send")]
    [InlineData("mail.sen", "mail.send")]
    [InlineData("mail_send", "mail.send")]
    [InlineData("old_report", "old_reports")]
    [InlineData("x", null)]
    [InlineData("something.else.entirely", null)]
    public void Nearest_Name_IsTheLikelyOneOrNone(string name, string? expected) =>
        Assert.Equal(expected, Of(Define("mail.send"), Define("reports.daily", "old_reports")).Nearest(name));

    [Fact]
    public void Nearest_NothingRegistered_IsNone() => Assert.Null(new JobRegistry().Nearest("a"));

    [Fact]
    public void UnknownJobException_NamesWhatIsKnownAndTheNearest()
    {
        var registry = Of([.. Enumerable.Range(10, 30).Select(i => Define($"job.{i}"))]);
        var message = new UnknownJobException("job.100", registry).Message;
        Assert.Contains("job.29, ...", message, StringComparison.Ordinal);
        Assert.DoesNotContain("job.30", message, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'job.10'?", message, StringComparison.Ordinal);
        Assert.Contains(
            "Registered here: none.",
            new UnknownJobException("a", new JobRegistry()).Message,
            StringComparison.Ordinal);
    }

    private static JobDefinition Define(string name, params string[] aliases) =>
        new(name, static _ => default) { Aliases = [.. aliases] };

    private static JobRegistry Of(params JobDefinition[] jobs) => new(new JobCatalog(jobs));
}
