using Microsoft.Extensions.Hosting;
using Quickstart.Jobs;
using Quickstart.Jobs.Mailing;

// The Quickstart's jobs in a process of their own. Start it in the folder of the Quickstart's lovage.db: they share the
// file.
var builder = Host.CreateApplicationBuilder(args);
builder.AddLovage()
    .AddJobs(QuickstartJobs.Catalog)
    .AddJsonContext(QuickstartJson.Default)
    .AddDailyReport(new ReportPlace("reports", builder.Configuration["Reports:TimeZone"] ?? "UTC"))
    .AddWorker();
builder.Services.AddMailer(builder.Configuration);
builder.Build().Run();
