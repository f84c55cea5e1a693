namespace Lovage;

/// <summary>How far a job is.</summary>
/// <param name="Fraction">0 to 1; null when nothing was reported.</param>
/// <param name="Message">What the last report said; null when it said nothing.</param>
public readonly record struct JobProgressReport(double? Fraction, string? Message);
