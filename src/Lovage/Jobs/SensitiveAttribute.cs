namespace Lovage;

/// <summary>
/// Marks an argument of a job, or a property of its type, whose value is a secret. The stored body keeps the value,
/// since the handler needs it. API, pages, logs, error texts and traces show <c>[hidden]</c> in its place.
/// </summary>
/// <remarks>
/// The generated factory sets <see cref="Job.SensitiveParameters"/>. The worker removes the value from what it stores
/// and logs of an attempt: errors, log lines, progress messages. It finds a text or number of 4 characters or more as
/// it stands in the JSON, not in another form. A log provider of the app gets the handler's own lines as they are.
/// </remarks>
/// <example>
/// <code>
/// public sealed class PaymentJobs
/// {
///     [Job("payment.take")]
///     public void Take(int order, Card card, [Sensitive] string password) { }
/// }
///
/// public sealed record Card(string Holder, [property: Sensitive] string Number);
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.Property | AttributeTargets.Field)]
public sealed class SensitiveAttribute : Attribute;
