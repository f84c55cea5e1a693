using Lovage.Bench;
using Lovage.PostgreSql.Tests;

// dotnet run -c Release --project bench/Lovage.Bench -- SCENARIO --storage S --jobs N --json
try
{
    var options = BenchOptions.Parse(args);
    if (options.Storage == "postgres")
    {
        // As a server comes, but for the memory and the size of its log: every commit is flushed.
        var server = await PostgreSqlServer.CreateAsync(
            "shared_buffers=256MB", "min_wal_size=2GB", "max_wal_size=4GB", "checkpoint_timeout=15min");
        options = options with { Storage = $"postgres://lovage@127.0.0.1:{server.Port}/postgres" };
    }

    var scenario = options.Scenario switch
    {
        "enqueue" => EnqueueScenario.RunAsync(options),
        "drain" => DrainScenario.RunAsync(options),
        "latency" => LatencyScenario.RunAsync(options),
        "latency-worker" => LatencyScenario.RunWorkerAsync(options),
        "idle" => IdleScenario.RunAsync(options),
        "backlog" => BacklogScenario.RunAsync(options),
        "after-response" => AfterResponseScenario.RunAsync(options),
        "schedules" => SchedulesScenario.RunAsync(options),
        "schedules-idle" => SchedulesScenario.RunIdleAsync(options),
        "delayed" => DelayedScenario.RunAsync(options),
        "console" => ConsoleScenario.RunAsync(options),
        "raw" => RawScenario.RunAsync(options),
        _ => throw new ArgumentException($"There is no scenario '{options.Scenario}'. {BenchOptions.Usage}"),
    };
    var result = await scenario;
    result.Print(options);
    return 0;
}
catch (ArgumentException wrong)
{
    await Console.Error.WriteLineAsync(wrong.Message);
    return 2;
}
