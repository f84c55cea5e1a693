namespace Lovage.Generators;

/// <summary>How a handler comes to life for one attempt.</summary>
internal enum HandlerCreation
{
    /// <summary>Nothing is injected and nothing is disposed: <c>new</c>, without a scope.</summary>
    New,

    /// <summary>A scoped service.</summary>
    Services,
}

/// <summary>A class with handlers in it.</summary>
/// <param name="Namespace">Where it stands; empty for the global namespace.</param>
/// <param name="Type">As code names it: <c>global::Shop.MailJobs</c>.</param>
/// <param name="Display">As people name it: <c>Shop.MailJobs</c>.</param>
/// <param name="Factories">The name of the static class that holds its factories.</param>
/// <param name="Bindings">The name of the static class that holds its binders and definitions.</param>
/// <param name="IsPublic">True when other assemblies can name it.</param>
/// <param name="Creation">How an instance is made.</param>
internal sealed record HandlerModel(
    string Namespace,
    string Type,
    string Display,
    string Factories,
    string Bindings,
    bool IsPublic,
    HandlerCreation Creation);

/// <summary>A class and its jobs: what one generated file is made from.</summary>
/// <param name="File">The file's name, unlike every other whatever the case.</param>
/// <param name="Handler">The class.</param>
/// <param name="Jobs">Its jobs, in a fixed order.</param>
internal sealed record HandlerJobs(string File, HandlerModel Handler, EquatableArray<JobModel> Jobs);
