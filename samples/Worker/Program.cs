using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Quickstart.Jobs;
using Quickstart.Jobs.Mailing;

// The Quickstart's jobs in a process of their own. Start it in the folder of the Quickstart's lovage.db: they share the
// file.
var builder = Host.CreateApplicationBuilder(args);
builder.AddLovage()
    .AddJobs(QuickstartJobs.Catalog)
    .AddJsonContext(QuickstartJson.Default)
    .AddWorker();
builder.Services.AddSingleton(new ReportPlace("reports", builder.Configuration["Reports:TimeZone"] ?? "UTC"));
builder.Services.AddMailer(builder.Configuration);
builder.Build().Run();
