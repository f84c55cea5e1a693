namespace Lovage.Spawning;

/// <summary>
/// Knows scopes whose end can wait for work that still uses their services. The scope of a request is one: the request
/// completes later. A scope that code makes by hand is none.
/// </summary>
internal abstract class ScopeHolds
{
    /// <summary>True when the end of this scope can wait.</summary>
    /// <param name="scope">The services of a scope.</param>
    internal abstract bool CanHold(IServiceProvider scope);

    /// <summary>Makes the end of a scope wait for work.</summary>
    /// <param name="scope">A scope that can wait.</param>
    /// <param name="work">Uses services of the scope.</param>
    internal abstract void Hold(IServiceProvider scope, Task work);
}
