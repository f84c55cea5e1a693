using Lovage;

// The console in a process of its own. It runs no jobs: it shows those of the storage that it is given.
var builder = WebApplication.CreateBuilder(args);
if (builder.Configuration["urls"] is null && builder.Configuration["http_ports"] is null)
{
    builder.WebHost.UseUrls("http://127.0.0.1:5081");
}

builder.AddLovage();
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);

var app = builder.Build();
app.UsePathBase(builder.Configuration["PathBase"] ?? "");   // --PathBase /ops, behind a proxy that keeps the prefix
app.UseRouting();                                           // after UsePathBase, so that routes begin behind it
app.MapLovageDashboard(builder.Configuration["Path"] ?? "/");
app.Run();
