namespace Lovage.Storage;

/// <summary>
/// Fences off a stale holder. The storage makes one at each claim; other code only passes it on. By the first part the
/// storage finds the claim. The second part grows with every claim of the storage, so no two claims are equal.
/// </summary>
/// <param name="Claim">The storage's own key of what is claimed.</param>
/// <param name="Stamp">Greater in each later claim of this storage.</param>
public readonly record struct LeaseToken(long Claim, long Stamp);
