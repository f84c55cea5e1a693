namespace Lovage.Dashboard.Search;

/// <summary>A search that cannot be understood: what is wrong, and what there is.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Design", "CA1064", Justification = "It ends a call of the console and leaves it as a problem.")]
internal sealed class SearchException(string message, IReadOnlyList<string> qualifiers) : Exception(message)
{
    /// <summary>The qualifiers that the storage answers.</summary>
    internal IReadOnlyList<string> Qualifiers { get; } = qualifiers;
}
