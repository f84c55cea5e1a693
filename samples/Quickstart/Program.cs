using System.Text.Json;
using System.Text.Json.Serialization;
using Lovage;
using Quickstart;
using Quickstart.Jobs;
using Quickstart.Jobs.Mailing;

var builder = WebApplication.CreateBuilder(args);
if (builder.Configuration["urls"] is null && builder.Configuration["http_ports"] is null)
{
    builder.WebHost.UseUrls("http://127.0.0.1:5080");
}

var lovage = builder.AddLovage()                    // binds the "Lovage" section; sqlite:lovage.db by default
    .AddJobs(QuickstartJobs.Catalog)                // written by the generator for the library with the jobs
    .AddJsonContext(QuickstartJson.Default)
    .AddProblemDetails()                            // Lovage's errors as problem details: 400, 404, 409, 413, 503
    .AddDailyReport(new ReportPlace("reports", builder.Configuration["Reports:TimeZone"] ?? "UTC"));
if (builder.Configuration.GetValue("Worker", true))
{
    // run the jobs here too; with --Worker false samples/Worker runs them elsewhere
    lovage.AddWorker();
}

builder.Services.AddMailer(builder.Configuration);  // the section "Smtp", or files in outbox/
builder.Services.AddSingleton(new ItemLog("logs.txt"));
builder.Services.AddValidation();                   // the annotations on the endpoints' parameters
builder.WebHost.ConfigureKestrel(kestrel =>
{
    // The app reads a body into memory before it enqueues the job; the bound is well above
    // Lovage:Limits:PayloadBytesMax.
    kestrel.Limits.MaxRequestBodySize = 4 * 1024 * 1024;

    // Up to here the app says which parameter is too long; the server itself refuses a longer line.
    kestrel.Limits.MaxRequestLineSize = 64 * 1024;
});
builder.Services.ConfigureHttpJsonOptions(json =>
{
    json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
    json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
});
builder.Services.AddBadRequestDetails();
builder.Services.AddOpenApi();
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);

var app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.UseRequestChecks();
app.MapBackgroundWork();
app.MapProcess();
app.MapTasks();
app.MapJobs();
app.MapSchedules();
app.MapLovageHealth();
app.MapLovageDashboard("/lovage");                  // the console; in Development this machine may open it
app.MapOpenApi();
app.MapGet("/", () => TypedResults.Redirect("/openapi/v1.json")).ExcludeFromDescription();
app.Run();
