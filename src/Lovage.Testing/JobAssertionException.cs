namespace Lovage.Testing;

/// <summary>An expectation of a test about jobs was not met.</summary>
/// <param name="message">What was expected and what was there.</param>
public sealed class JobAssertionException(string message) : Exception(message);
