using Lovage.PostgreSql.Connections;
using Lovage.Storage;
using Npgsql;
using Xunit;

namespace Lovage.PostgreSql.Tests;

/// <summary>Addresses and hints as text: no server is needed.</summary>
public sealed class AddressTests
{
    [Theory]
    [InlineData(
        "postgres://app:s3cret@db.example:6543/jobs",
        "Host=db.example;Port=6543;Username=app;Password=s3cret;Database=jobs")]
    [InlineData("POSTGRESQL://db/jobs", "Host=db;Database=jobs")]
    [InlineData("postgres://app:p%40ss%3A%2F@db/jobs", "Host=db;Username=app;Password=p@ss:/;Database=jobs")]
    [InlineData("postgres://app:p@ss@db/jobs", "Host=db;Username=app;Password=p@ss;Database=jobs")]
    [InlineData("postgres://app@[::1]:5432/jobs", "Host=::1;Port=5432;Username=app;Database=jobs")]
    [InlineData("postgres://one:5432,two:5433/jobs", "Host=one:5432,two:5433;Database=jobs")]
    [InlineData(
        "postgres://db/jobs?sslmode=verify-full&application_name=shop",
        "Host=db;Database=jobs;SSL Mode=VerifyFull;Application Name=shop")]
    [InlineData(
        "postgres:Host=db;Port=6543;Username=app;Password='s3;cret';Database=jobs",
        "Host=db;Port=6543;Username=app;Password='s3;cret';Database=jobs")]
    public void Parse_Address_IsTheConnection(string address, string expected) =>
        Assert.Equivalent(
            new NpgsqlConnectionStringBuilder(expected),
            new NpgsqlConnectionStringBuilder(PostgreSqlStorageProvider.Parse(address).ConnectionString));

    [Theory]
    [InlineData("postgres://app:s3cret@db.example:6543/jobs", "db.example", 6543)]
    [InlineData("postgres://app:s3cret@db/jobs", "db", 5432)]
    [InlineData("postgres:Host=db:6543;Database=jobs;Username=app;Password=s3cret", "db", 6543)]
    [InlineData("postgres://app@[::1]:6543/jobs", "::1", 6543)]
    [InlineData("postgres:Host=/run/postgresql;Port=5433;Database=jobs", "/run/postgresql/.s.PGSQL.5433", null)]
    [InlineData("postgres://app:s3cret@one:5432,two:5433/jobs", null, null)]
    public void Server_Address_IsTheHostWithoutCredentials(string address, string? host, int? port)
    {
        var settings = new NpgsqlConnectionStringBuilder(PostgreSqlStorageProvider.Parse(address).ConnectionString);

        Assert.Equal(host is null ? null : new StorageServer(host, port), ServerAddress.Of(settings));
    }

    [Theory]
    [InlineData("postgres://db/jobs", "lovage", PostgreSqlMigration.Create, PostgreSqlHints.Auto, 8)]
    [InlineData(
        "postgres://db/jobs?schema=shop&migrate=always&hints=poll&calls=100",
        "shop",
        PostgreSqlMigration.Always,
        PostgreSqlHints.Poll,
        100)]
    [InlineData(
        "postgres:Host=db;Database=jobs;Schema=shop;Migrate=Never;Calls=1",
        "shop",
        PostgreSqlMigration.Never,
        PostgreSqlHints.Auto,
        1)]
    public void Parse_Settings_AreRead(
        string address, string schema, PostgreSqlMigration migration, PostgreSqlHints hints, int calls)
    {
        var options = PostgreSqlStorageProvider.Parse(address);

        Assert.Equal(
            (schema, migration, hints, calls),
            (options.Schema, options.Migration, options.Hints, options.CallsMax));
    }

    [Theory]
    [InlineData("sqlite:s3cret.db")]
    [InlineData("postgres:")]
    [InlineData("postgres://")]
    [InlineData("postgres://app:s3cret@db")]
    [InlineData("postgres://app:s3cret@/jobs")]
    [InlineData("postgres://app:s3cret@db:x/jobs")]
    [InlineData("postgres://app:s3cret@db:70000/jobs")]
    [InlineData("postgres://app:s3cret@db/jobs?migrate=maybe")]
    [InlineData("postgres://app:s3cret@db/jobs?calls=0")]
    [InlineData("postgres://app:s3cret@db/jobs?calls=101")]
    [InlineData("postgres://app:s3cret@db/jobs?calls=many")]
    [InlineData("postgres://app:s3cret@db/jobs?s3cret=1")]
    [InlineData("postgres://app:s3cret@db/jobs?timeout=s3cret")]
    [InlineData("postgres:Host=db;Password=s3cret")]
    [InlineData("postgres:s3cret")]
    public void Parse_Unreadable_IsRefusedWithoutRepeatingIt(string address)
    {
        var fault = Assert.ThrowsAny<ArgumentException>(() => PostgreSqlStorageProvider.Parse(address));

        Assert.Contains("Write postgres://", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://db/jobs?shcema=shop", "the setting 'shcema' is not known")]
    [InlineData("postgres:Host=db;Database=jobs;Pasword=s3cret", "the setting 'pasword' is not known")]
    [InlineData("postgres://db/jobs?timeout=s3cret", "refuses the value of the setting 'timeout'")]
    [InlineData(
        "postgres:Host=db;Database=jobs;Target Session Attributes=primary", "needs several hosts (host1,host2)")]
    [InlineData("postgres://db/jobs?pass@s3cret=1", "a setting in it is not known")]
    public void Parse_UnknownSetting_IsNamed(string address, string expected)
    {
        var fault = Assert.ThrowsAny<ArgumentException>(() => PostgreSqlStorageProvider.Parse(address));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(101)]
    public void Create_CallsOutOfRange_IsRefused(int calls) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new PostgreSqlStorage(
            new PostgreSqlStorageOptions { ConnectionString = "Host=db;Database=jobs", CallsMax = calls }));

    [Fact]
    public async Task Create_Address_ShowsNoCredentials()
    {
        await using var storage = new PostgreSqlStorageProvider().Create(
            "postgres://app:s3cret@db:6543/jobs?schema=shop", TimeProvider.System);

        Assert.Equal("postgres://db:6543/jobs (schema shop)", storage.Description);
    }

    [Fact]
    public void Hints_OfEachKind_AreReadAsTheyWereWritten()
    {
        var id = JobId.Parse("0198c2f0-0000-7000-8000-000000000001");
        Signal[] signals =
        [
            new(SignalKind.JobsReady, "default"),
            new(SignalKind.JobsReady),
            new(SignalKind.OrphansReady, "default"),
            new(SignalKind.OrphansReady),
            new(SignalKind.CancelRequested, null, id),
            new(SignalKind.SchedulesChanged),
            new(SignalKind.Control),
            new(SignalKind.OperationsChanged),
            new(SignalKind.Changed),
            new(SignalKind.JobEnded, null, id),
        ];

        var (sender, read) = Signals.HintText.Read(Signals.HintText.Write(42, signals));

        Assert.Equal(42, sender);
        Assert.Equal(signals, read);
    }

    [Theory]
    [InlineData(SignalKind.JobEnded, false)]
    [InlineData(SignalKind.CancelRequested, true)]
    public void Hints_TooManyForOne_LeaveOutEndsAndReplaceTheRest(SignalKind kind, bool isReplaced)
    {
        var signals = Enumerable.Range(0, 1_000)
            .Select(i => new Signal(kind, null, JobId.Parse($"0198c2f0-0000-7000-8000-{i:000000000000}")))
            .Prepend(new Signal(SignalKind.JobsReady, "q"))
            .ToList();

        var text = Signals.HintText.Write(1, signals);

        Assert.InRange(text.Length, 1, 7_999);
        var read = Signals.HintText.Read(text).Signals;
        Assert.Equal(isReplaced ? [new Signal(SignalKind.Changed)] : signals[..read.Count], read);
    }

    [Fact]
    public void Hints_FromElsewhere_ArePassedOver() =>
        Assert.Empty(Signals.HintText.Read("what?\n\nz1\nc not an id").Signals);
}
