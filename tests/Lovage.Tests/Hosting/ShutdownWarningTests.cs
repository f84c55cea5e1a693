using Lovage.Tests.Spawning;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Lovage.Tests.Hosting;

public sealed class ShutdownWarningTests
{
    [Theory]
    [InlineData("00:05:00", 30, true)]
    [InlineData("00:00:27", 30, true)]
    [InlineData("00:00:25", 30, false)]
    [InlineData("00:05:00", -0.001, false)]
    public async Task Start_TasksOfTheProcessWantMoreThanTheHostGives_Warns(
        string drain, double budgetSeconds, bool warns)
    {
        await using var world = await SpawnWorld.StartAsync(
            lovage => lovage.Services.Configure<HostOptions>(
                options => options.ShutdownTimeout = TimeSpan.FromSeconds(budgetSeconds)),
            ("Lovage:Local:DrainTime", drain));
        var messages = world.Log.Of(3017).Select(static line => line.Message).ToList();

        Assert.Equal(
            warns,
            messages.Any(static message =>
                message.StartsWith("Tasks of this process want ", StringComparison.Ordinal)
                && message.Contains("Lovage:Local:DrainTime and CancelTime", StringComparison.Ordinal)
                && message.Contains("gives 30 s", StringComparison.Ordinal)));
        Assert.DoesNotContain(
            messages, static message => message.StartsWith("Workers want", StringComparison.Ordinal));
    }
}
