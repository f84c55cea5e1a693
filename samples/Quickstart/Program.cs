using System.Text.Json;
using System.Text.Json.Serialization;
using Quickstart;
using Quickstart.Jobs;

var builder = WebApplication.CreateBuilder(args);
if (builder.Configuration["urls"] is null && builder.Configuration["http_ports"] is null)
{
    builder.WebHost.UseUrls("http://127.0.0.1:5080");
}

builder.AddLovage()                                 // binds the "Lovage" section; sqlite:lovage.db when nothing is said
    .AddJobs(QuickstartJobs.Catalog)                // written by the generator for the library with the jobs
    .AddJsonContext(QuickstartJson.Default)
    .AddProblemDetails()                            // Lovage's errors as problem details: 400, 409, 413, 503
    .AddWorker();                                   // run the jobs here too; samples/Worker runs them elsewhere

// A body is read into memory before its job is stored: bounded well above Lovage:Limits:PayloadBytesMax.
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 4 * 1024 * 1024);
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
app.MapProcess();
app.MapTasks();
app.MapJobs();
app.MapLovageHealth();
app.MapOpenApi();
app.MapGet("/", () => TypedResults.Redirect("/openapi/v1.json")).ExcludeFromDescription();
app.Run();
