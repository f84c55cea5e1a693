using Lovage.Diagnostics;
using Lovage.Execution;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Lovage.Tests.Hosting;

public sealed class LovageOptionsTests
{
    [Fact]
    public void AddLovage_WholeSection_IsBound()
    {
        using var host = Build(
            null,
            ("Lovage:Storage", "memory:"),
            ("Lovage:DefaultQueue", "celery"),
            ("Lovage:StarvationLimit", "00:00:30"),
            ("Lovage:Worker:Queues:0", "high"),
            ("Lovage:Worker:Queues:1", "low"),
            ("Lovage:Worker:Concurrency", "12"),
            ("Lovage:Worker:PrefetchMax", "7"),
            ("Lovage:Worker:Lease", "00:00:02"),
            ("Lovage:Worker:PollInterval", "00:00:00.5"),
            ("Lovage:Worker:SweepInterval", "00:00:01"),
            ("Lovage:Worker:MaxAttempts", "9"),
            ("Lovage:Worker:TimeLimit", "01:00:00"),
            ("Lovage:Worker:SoftTimeLimit", "00:50:00"),
            ("Lovage:Worker:DrainTime", "00:00:10"),
            ("Lovage:Worker:CancelTime", "00:00:01"),
            ("Lovage:Worker:LogLinesMax", "5"),
            ("Lovage:Worker:LogCharactersMax", "600"),
            ("Lovage:Worker:ResultBytesMax", "700"),
            ("Lovage:Worker:UnwrittenMax", "800"),
            ("Lovage:Worker:OfferLimit", "2.00:00:00"),
            ("Lovage:Worker:OfferDelayMax", "00:00:03"),
            ("Lovage:Limits:PayloadBytesMax", "1024"),
            ("Lovage:Limits:EnqueueTimeout", "00:00:05"),
            ("Lovage:Limits:PendingMax", "99"),
            ("Lovage:Retention:Finished", "1.00:00:00"),
            ("Lovage:Retention:Dead", "2.00:00:00"),
            ("Lovage:Retention:RowsMax", "10"),
            ("Lovage:Retention:Schedules", "3.00:00:00"),
            ("Lovage:Retention:Audit", "4.00:00:00"),
            ("Lovage:Retention:Operations", "5.00:00:00"),
            ("Lovage:Operations:RunAgainSpread", "00:02:00"),
            ("Lovage:Operations:RunAgainAtOnceMax", "77"));

        var settings = Assert.Single(host.Services.GetRequiredService<WorkerSet>().Settings);
        Assert.Equal(["high", "low"], settings.Queues);
        Assert.Equal(
            new WorkerSettings
            {
                Queues = settings.Queues,
                Concurrency = 12,
                PrefetchMax = 7,
                Lease = TimeSpan.FromSeconds(2),
                PollInterval = TimeSpan.FromMilliseconds(500),
                SweepInterval = TimeSpan.FromSeconds(1),
                MaxAttempts = 9,
                TimeLimit = TimeSpan.FromHours(1),
                SoftTimeLimit = TimeSpan.FromMinutes(50),
                DrainTime = TimeSpan.FromSeconds(10),
                CancelTime = TimeSpan.FromSeconds(1),
                LogLinesMax = 5,
                LogCharactersMax = 600,
                ResultBytesMax = 700,
                UnwrittenMax = 800,
                OfferLimit = TimeSpan.FromDays(2),
                OfferDelayMax = TimeSpan.FromSeconds(3),
                Retention = new RetentionPolicy(TimeSpan.FromDays(1), TimeSpan.FromDays(2), 10),
                ScheduleRetention = TimeSpan.FromDays(3),
                AuditRetention = TimeSpan.FromDays(4),
                OperationRetention = TimeSpan.FromDays(5),
            },
            settings);
        Assert.Equal(
            new ClientSettings
            {
                DefaultQueue = "celery",
                PayloadBytesMax = 1024,
                EnqueueTimeout = TimeSpan.FromSeconds(5),
                PendingMax = 99,
                RunAgainSpread = TimeSpan.FromMinutes(2),
                RunAgainAtOnceMax = 77,
            },
            host.Services.GetRequiredService<ClientSettings>());
        Assert.Equal(
            TimeSpan.FromSeconds(30),
            host.Services.GetRequiredService<IOptions<LovageOptions>>().Value.StarvationLimit);
    }

    [Fact]
    public void AddLovage_NothingSaid_HasTheDocumentedDefaults()
    {
        using var host = Build(lovage => lovage.AddJob(new JobDefinition("n", static _ => default) { Queue = "mail" }));

        var options = host.Services.GetRequiredService<IOptions<LovageOptions>>().Value;
        Assert.Null(options.Storage);
        Assert.Equal(TimeSpan.FromSeconds(5), options.StarvationLimit);
        Assert.Equal(new ClientSettings(), host.Services.GetRequiredService<ClientSettings>());
        var settings = Assert.Single(host.Services.GetRequiredService<WorkerSet>().Settings);
        Assert.Equal(["default", "mail"], settings.Queues);
        Assert.Equal(new WorkerSettings { Queues = settings.Queues }, settings);
    }

    [Fact]
    public void AddLovage_ConnectionString_IsTheStorageUnlessTheSectionNamesOne()
    {
        using var fromConnection = Build(null, ("ConnectionStrings:Lovage", "memory:"));
        Assert.Equal("memory:", fromConnection.Services.GetRequiredService<IOptions<LovageOptions>>().Value.Storage);

        using var fromSection = Build(
            null, ("ConnectionStrings:Lovage", "postgres://x"), ("Lovage:Storage", "memory:"));
        Assert.Equal("memory:", fromSection.Services.GetRequiredService<IOptions<LovageOptions>>().Value.Storage);
    }

    [Fact]
    public void AddLovage_Code_WinsOverConfiguration()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([
            KeyValuePair.Create("Lovage:DefaultQueue", (string?)"a"),
            KeyValuePair.Create("Lovage:Storage", (string?)"memory:"),
        ]);
        builder.AddLovage(options => options.DefaultQueue = "b");
        builder.AddLovage(options => options.Limits.PendingMax = 5);
        using var host = builder.Build();

        Assert.Equal(
            new ClientSettings { DefaultQueue = "b", PendingMax = 5 },
            host.Services.GetRequiredService<ClientSettings>());
        Assert.Single(host.Services.GetServices<IHostedService>(), service => service is LovageHost);
    }

    [Fact]
    public void AddWorker_Twice_MakesTwoFromTheSameSection()
    {
        using var host = Build(
            lovage => lovage.AddWorker(worker => worker.Queues = ["slow"]),
            ("Lovage:Worker:Concurrency", "3"));

        var settings = host.Services.GetRequiredService<WorkerSet>().Settings;
        Assert.Equal([["default"], ["slow"]], settings.Select(worker => worker.Queues.ToArray()));
        Assert.All(settings, worker => Assert.Equal(3, worker.Concurrency));
    }

    [Fact]
    public void AddLovage_Telemetry_ReachesTheSpans()
    {
        using var host = Build(
            null,
            ("Lovage:Telemetry:TraceRelation", "link"),
            ("Lovage:Telemetry:SpanNames", "SemConv"),
            ("Lovage:Telemetry:CreateSpans", "false"),
            ("Lovage:Telemetry:SettleSpans", "true"));
        Assert.Equal(
            new TelemetrySettings
            {
                TraceRelation = TraceRelation.Link,
                SpanNames = SpanNames.SemConv,
                CreateSpans = false,
                SettleSpans = true,
            },
            host.Services.GetRequiredService<TelemetrySettings>());
        Assert.Same(
            host.Services.GetRequiredService<TelemetrySettings>(),
            host.Services.GetRequiredService<JobWorkerServices>().Telemetry);

        using var untold = Build(null);
        Assert.Equal(TelemetrySettings.Default, untold.Services.GetRequiredService<TelemetrySettings>());
    }

    [Theory]
    [InlineData(
        "Lovage:Telemetry:TraceRelation",
        "7",
        "Lovage:Telemetry:TraceRelation is 7; Auto, Parent, Link are allowed.")]
    [InlineData("Lovage:Telemetry:SpanNames", "2", "Lovage:Telemetry:SpanNames is 2; Lovage, SemConv are allowed.")]
    [InlineData("Lovage:Worker:Concurrency", "0", "Lovage:Worker:Concurrency is 0; 1 to 10,000 is allowed.")]
    [InlineData("Lovage:Worker:UnwrittenMax", "0", "Lovage:Worker:UnwrittenMax is 0; 1 to 1,000,000 is allowed.")]
    [InlineData(
        "Lovage:Worker:OfferLimit",
        "00:00:00.5",
        "Lovage:Worker:OfferLimit is 00:00:00.5000000; 00:00:01 to 3653.00:00:00 is allowed "
            + "(days.hours:minutes:seconds).")]
    [InlineData(
        "Lovage:Worker:OfferDelayMax",
        "2.00:00:00",
        "Lovage:Worker:OfferDelayMax is 2.00:00:00; 00:00:00.1000000 to 1.00:00:00 is allowed "
            + "(days.hours:minutes:seconds).")]
    [InlineData("Lovage:Worker:PrefetchMax", "1001", "Lovage:Worker:PrefetchMax is 1,001; 0 to 1,000 is allowed.")]
    [InlineData(
        "Lovage:Worker:Lease",
        "00:00:00.5",
        "Lovage:Worker:Lease is 00:00:00.5000000; 00:00:01 to 01:00:00 is allowed (days.hours:minutes:seconds).")]
    [InlineData(
        "Lovage:Limits:EnqueueTimeout",
        "01:00:00",
        "Lovage:Limits:EnqueueTimeout is 01:00:00; 00:00:00.0500000 to 00:05:00 is allowed "
            + "(days.hours:minutes:seconds).")]
    [InlineData(
        "Lovage:Limits:PayloadBytesMax", "1", "Lovage:Limits:PayloadBytesMax is 1; 1,024 to 67,108,864 is allowed.")]
    [InlineData("Lovage:Retention:RowsMax", "-1", "Lovage:Retention:RowsMax is -1; 0 to 1,000,000,000 is allowed.")]
    [InlineData(
        "Lovage:Retention:Schedules",
        "-00:00:01",
        "Lovage:Retention:Schedules is -00:00:01; 00:00:00 to 3653.00:00:00 is allowed (days.hours:minutes:seconds).")]
    [InlineData(
        "Lovage:StarvationLimit",
        "00:00:00.9",
        "Lovage:StarvationLimit is 00:00:00.9000000; 00:00:01 to 01:00:00 is allowed (days.hours:minutes:seconds).")]
    [InlineData(
        "Lovage:AppVersion",
        "v1.0",
        "Lovage:AppVersion is 'v1.0'; numbers with dots are allowed, as 57 or 1.2.0-beta.3, at most 128 characters.")]
    [InlineData("Lovage:DefaultQueue", "no spaces", "Lovage:DefaultQueue is 'no spaces'; 1 to 64 characters")]
    [InlineData("Lovage:Worker:Queues:0", "unacked", "Lovage:Worker:Queues is 'unacked'; 1 to 64 characters")]
    public async Task StartAsync_SettingOutOfRange_FailsNamingKeyAndRange(string key, string value, string expected)
    {
        using var host = Build(null, ("Lovage:Storage", "memory:"), (key, value));
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(
            () => host.StartAsync(TestContext.Current.CancellationToken));
        Assert.StartsWith(expected, Assert.Single(refused.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartAsync_OneWorkersCodeOutOfRange_Fails()
    {
        using var host = Build(
            lovage => lovage.AddWorker(worker => worker.Concurrency = 20_000), ("Lovage:Storage", "memory:"));
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(
            () => host.StartAsync(TestContext.Current.CancellationToken));
        Assert.Equal("Lovage:Worker:Concurrency is 20,000; 1 to 10,000 is allowed.", Assert.Single(refused.Failures));
    }

    private static IHost Build(Action<LovageBuilder>? set, params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(
            settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)));
        var lovage = builder.AddLovage().AddWorker();
        set?.Invoke(lovage);
        return builder.Build();
    }
}
