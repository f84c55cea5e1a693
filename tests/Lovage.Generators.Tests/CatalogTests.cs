using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace Lovage.Generators.Tests;

public sealed class CatalogTests
{
    private const string Handler = "public sealed class H { [Job] public void A() { } }";

    [Theory]
    [InlineData("Billing", null, "Billing.BillingJobs")]
    [InlineData("Shop.Billing", null, "Shop.Billing.BillingJobs")]
    [InlineData("Shop.Jobs", null, "Shop.Jobs.ShopJobs")]
    [InlineData("MailJobs", null, "MailJobs.MailJobs")]
    [InlineData("my-app.web-jobs2", "My.App", "My.App.WebJobs2Jobs")]
    [InlineData("2fast", null, "_2fast._2fastJobs")]
    [InlineData("App.event", null, "App.event.EventJobs")]
    public void Catalog_OfAnAssembly_IsNamedAfterIt(string assembly, string? rootNamespace, string expected)
    {
        var source = Source.Of(Handler) with { AssemblyName = assembly };
        var generated = (rootNamespace is null ? source : source.With("RootNamespace", rootNamespace))
            .Generate()
            .Clean();

        Assert.Equal("h.a", generated.Catalog(expected).Jobs.Single().Name);
    }

    [Fact]
    public void Catalog_NameIsTakenByTheUser_AppendsCatalog()
    {
        var generated = Source.Of("namespace Shop; public sealed class ShopJobs { [Job] public void A() { } }")
            .Generate()
            .Clean();

        Assert.Equal("shop_jobs.a", generated.Catalog("Shop.ShopJobsCatalog").Jobs.Single().Name);
    }

    [Fact]
    public void Catalog_HandlersWithSchedules_CarriesThem()
    {
        var generated = Source.Of("""
            public sealed class H
            {
                [Job("report"), Schedule("nightly", "0 0 * * *", TimeZone = "Asia/Shanghai",
                    Misfire = MisfireRule.CatchUp, CatchUpMax = 3, JitterSeconds = 1.5), Schedule("hourly", "@hourly",
                    EveryNode = true)]
                public void Report(int days = 7) { }
            }
            """).Generate().Clean();

        var schedules = generated.Catalog("Shop.ShopJobs").Schedules;
        Assert.Equal(["nightly", "hourly"], schedules.Select(schedule => schedule.Id));
        Assert.Equal(
            ("0 0 * * *", "Asia/Shanghai", "report", false),
            (schedules[0].Cron, schedules[0].TimeZone, schedules[0].Job.Name, schedules[0].EveryNode));
        Assert.Equal(
            new SchedulePolicy { Misfire = MisfireRule.CatchUp, CatchUpMax = 3, Jitter = TimeSpan.FromSeconds(1.5) },
            schedules[0].Policy);
        Assert.Equal(
            ("UTC", true, new SchedulePolicy()), (schedules[1].TimeZone, schedules[1].EveryNode, schedules[1].Policy));
    }

    [Fact]
    public void Catalog_NoJobs_IsNotWritten() =>
        Assert.Empty(Source.Of("public sealed class H { public void A() { } }").Generate().Files);

    [Fact]
    public void AddJobs_OfThisAssembly_AddsItsCatalog()
    {
        var assembly = Source.Of("""
            using Microsoft.Extensions.DependencyInjection;
            public sealed class H { [Job] public void A() { } }
            public static class Use { public static LovageBuilder Add(LovageBuilder builder) =>
                builder.AddJobs().AddJobs(Shop.ShopJobs.Catalog); }
            """).Generate().Clean().Load();

        var builder = new LovageBuilder(new ServiceCollection());
        assembly.GetType("Use")!.GetMethod("Add")!.Invoke(null, [builder]);

        var catalog = Assert.IsType<JobCatalog>(Assert.Single(builder.Services).ImplementationInstance);
        Assert.Equal("h.a", catalog.Jobs.Single().Name);
        var registration = assembly.GetType("Microsoft.Extensions.DependencyInjection.ShopJobsRegistration")!;
        Assert.False(registration.IsPublic);
        Assert.NotNull(registration.GetMethod("AddJobs", BindingFlags.Public | BindingFlags.Static));
    }

    [Fact]
    public void AddJobs_FriendAssembly_SeesOnlyItsOwn()
    {
        var library =
            (Source.Of($"[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"Shop\")]\n{Handler}") with
            {
                AssemblyName = "Library",
            })
                .Generate()
                .Clean();
        var user = Source.Of("""
            using Microsoft.Extensions.DependencyInjection;
            public sealed class Mine { [Job] public void A() { } }
            public static class Use { public static LovageBuilder Add(LovageBuilder builder) =>
                builder.AddJobs().AddJobs(Library.LibraryJobs.Catalog); }
            """) with { References = [library.ToReference()] };

        user.Generate().Clean();
    }
}
