namespace Lovage.Storage;

/// <summary>
/// What fences off a stale holder: minted by the storage at each claim and opaque to everybody else. The first part is
/// the storage's own way to find the claim, the second grows with every claim of the storage, so that no two claims are
/// equal.
/// </summary>
/// <param name="Claim">The storage's own key of what is claimed.</param>
/// <param name="Stamp">Greater in each later claim of this storage.</param>
public readonly record struct LeaseToken(long Claim, long Stamp);
