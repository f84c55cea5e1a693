using Lovage.Dashboard.Api;

namespace Lovage.Dashboard.Routes;

/// <summary>Ends a call with a problem.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Design", "CA1064", Justification = "It ends a call of the console and leaves it as a problem.")]
internal sealed class ApiException(Problem problem) : Exception(problem.Detail)
{
    internal ApiException(int status, string title, string detail)
        : this(new Problem(title, detail, status))
    {
    }

    internal Problem Problem { get; } = problem;
}
