using System.Net;
using System.Text;
using Lovage.Dashboard.Endpoints;
using Lovage.Dashboard.Routes;
using Lovage.Dashboard.Sampling;
using Lovage.Dashboard.Tests.Sites;
using Microsoft.AspNetCore.Builder;
using Microsoft.OpenApi;

namespace Lovage.Dashboard.Tests;

/// <summary>Every route of the table, called as each kind of person.</summary>
public sealed class RouteTableTests
{
    private static readonly Dictionary<string, ConsolePermissions> Roles = new()
    {
        ["stranger"] = ConsolePermissions.None,
        ["viewer"] = ConsolePermissions.View,
        ["payloads"] = ConsolePermissions.View | ConsolePermissions.ViewPayloads,
        ["operator"] = ConsolePermissions.View | ConsolePermissions.Operate,
        ["administrator"] = ConsolePermissions.All,
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task EveryRoute_AsEachRole_AnswersByItsPermission()
    {
        await using var site = await StartAsync();
        var wrong = new List<string>();
        foreach (var route in Table(site))
        {
            if (await StatusAsync(site, route, null) is var status and not HttpStatusCode.Unauthorized)
            {
                wrong.Add($"{route.Method} {route.Pattern} without a role: {status}");
            }

            foreach (var (role, permissions) in Roles)
            {
                var needed = route.Permission == ConsolePermissions.None
                    ? ConsolePermissions.None
                    : route.Permission | ConsolePermissions.View;
                var answer = await StatusAsync(site, route, role);
                if ((answer == HttpStatusCode.Forbidden) == permissions.HasFlag(needed)
                    || answer is HttpStatusCode.Unauthorized or HttpStatusCode.InternalServerError)
                {
                    wrong.Add($"{route.Method} {route.Pattern} as {role}: {answer}");
                }
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public async Task EveryRoute_ClosedConsole_IsForbidden()
    {
        await using var site = await ConsoleSite.StartAsync(static app => app.MapLovageDashboard("/lovage"));

        foreach (var route in Table(site))
        {
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(site, route, null));
        }
    }

    [Fact]
    public async Task EveryChange_NeedsMoreThanAView_AndHasAnAction()
    {
        await using var site = await ConsoleSite.StartAsync();

        var changes = Table(site).Where(static route => route.IsChange).ToList();

        Assert.NotEmpty(changes);
        Assert.All(changes, static route =>
        {
            Assert.Contains(route.Permission, new[] { ConsolePermissions.Operate, ConsolePermissions.Administer });
            Assert.InRange(route.Action!.Length, 1, 50);
            Assert.NotEqual("GET", route.Method);
        });
    }

    [Fact]
    public async Task ReadOnly_Changes_AreNotMapped()
    {
        await using var all = await ConsoleSite.StartAsync();
        await using var site = await ConsoleSite.StartAsync(options: static options => options.ReadOnly = true);
        foreach (var route in Table(all).Where(static route => route.IsChange))
        {
            Assert.Equal(HttpStatusCode.MethodNotAllowed, await StatusAsync(site, route, null));
        }

        var session = (await site.GetAsync("/lovage/api/session")).Json;
        var document = (await site.GetAsync("/lovage/api/openapi.json")).Body;

        Assert.True(session.GetProperty("read_only").GetBoolean());
        Assert.DoesNotContain("run-again", document, StringComparison.Ordinal);
        Assert.Contains("/schedules/preview", document, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Permissions_OfADelegate_WinOverPolicies()
    {
        await using var site = await StartAsync(static options =>
            options.Permissions = static _ => new(ConsolePermissions.View));

        var session = await site.GetAsync("/lovage/api/session", (ConsoleSite.Role, "administrator"));
        var pause = await site.PostAsync(
            "/lovage/api/queues/mail/pause", """{"reason":"x"}""", (ConsoleSite.Role, "administrator"));

        Assert.Equal("view", Assert.Single(session.Json.GetProperty("permissions").EnumerateArray()).GetString());
        Assert.Equal("administrator-person", session.Json.GetProperty("user").GetString());
        Assert.Equal(HttpStatusCode.Forbidden, pause.Status);
        Assert.Contains("operate", pause.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenApi_ReadByTheFormatsOwnLibrary_HasNoFault()
    {
        await using var site = await ConsoleSite.StartAsync();

        var read = OpenApiDocument.Parse((await site.GetAsync("/lovage/api/openapi.json")).Body, "json");

        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, read.Diagnostic!.SpecificationVersion);
        Assert.Empty(read.Diagnostic.Errors);
        Assert.Empty(read.Diagnostic.Warnings);
    }

    [Fact]
    public async Task OpenApi_ListsEveryRoute_AndItsSchemasResolve()
    {
        await using var site = await ConsoleSite.StartAsync();

        var document = (await site.GetAsync("/lovage/api/openapi.json")).Json;

        Assert.Equal("3.1.1", document.GetProperty("openapi").GetString());
        var paths = document.GetProperty("paths");
        foreach (var route in Table(site))
        {
            var operation = paths.GetProperty("/" + route.Pattern)
                .GetProperty(route.Method == "GET" ? "get" : route.Method == "POST" ? "post" : "delete");
            Assert.NotEmpty(operation.GetProperty("operationId").GetString()!);
        }

        Assert.Equal(
            Table(site).Select(static route => route.Pattern).Distinct().Count(), paths.EnumerateObject().Count());
        foreach (var reference in References(document))
        {
            Assert.StartsWith("#/", reference, StringComparison.Ordinal);
            var at = document;
            foreach (var step in reference[2..].Split('/'))
            {
                at = at.ValueKind == System.Text.Json.JsonValueKind.Array
                    ? at[int.Parse(step, System.Globalization.CultureInfo.InvariantCulture)]
                    : at.GetProperty(step);
            }
        }
    }

    private static IEnumerable<string> References(System.Text.Json.JsonElement element) => element.ValueKind switch
    {
        System.Text.Json.JsonValueKind.Object => element.EnumerateObject().SelectMany(static field =>
            field.NameEquals("$ref") ? [field.Value.GetString()!] : References(field.Value)),
        System.Text.Json.JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };

    private static IReadOnlyList<ApiRoute> Table(ConsoleSite site) =>
        RouteTable.Make(ConsoleServices.Of(site.App.Services, "test"), new DashboardOptions());

    private static Task<ConsoleSite> StartAsync(Action<DashboardOptions>? options = null) => ConsoleSite.StartAsync(
        app => app.MapLovageDashboard("/lovage", options).RequireAuthorization("Ops"),
        set: static (builder, _) => ConsoleSite.AddRoles(builder));

    private static async Task<HttpStatusCode> StatusAsync(ConsoleSite site, ApiRoute route, string? role)
    {
        var path = string.Join('/', route.Pattern.Split('/').Select(static part => part.StartsWith('{') ? "x" : part));
        using var request = new HttpRequestMessage(
            new HttpMethod(route.Method), new Uri($"/lovage/api/{path}", UriKind.Relative));
        request.Headers.Add("X-Lovage", "1");
        if (role is not null)
        {
            request.Headers.Add(ConsoleSite.Role, role);
        }

        if (route.Method != "GET")
        {
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        }

        using var response = await site.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        return response.StatusCode;
    }
}
