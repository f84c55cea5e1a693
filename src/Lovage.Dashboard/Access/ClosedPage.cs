namespace Lovage.Dashboard.Access;

/// <summary>
/// What a closed console answers: which line of code opens it. It has no script and no style of its own.
/// </summary>
internal static class ClosedPage
{
    internal const string Title = "This console is closed.";

    internal const string Detail =
        "The app does not say who may see it. Add a line where the app maps the console: "
            + "app.MapLovageDashboard().RequireAuthorization(\"a policy\"), or .AllowAnonymous() for everyone. In "
            + "Development the same machine sees it without that, on http://localhost and not through a proxy.";

    internal const string Html =
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>The console is closed</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        </head>
        <body>
        <main>
        <h1>This console is closed</h1>
        <p>The app does not say who may see it. Add one of these lines where the app maps the console:</p>
        <pre>app.MapLovageDashboard().RequireAuthorization("a policy");

        app.MapLovageDashboard().AllowAnonymous();   // for everyone</pre>
        <p>In Development the same machine sees the console without that, on http://localhost and not through a
        proxy.</p>
        </main>
        </body>
        </html>

        """;
}
