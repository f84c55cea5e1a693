namespace Lovage;

/// <summary>
/// Marks an argument of a job, its result, or a property of their types, whose value is a secret. The storage keeps
/// the value, since the handler or the caller needs it. API, pages, logs, error texts and traces show <c>[hidden]</c>
/// in its place.
/// </summary>
/// <remarks>
/// The generated factory sets <see cref="Job.SensitiveParameters"/>. The worker removes the value from what it stores
/// and logs of an attempt: errors, log lines, progress messages. It finds a text or number of 4 characters or more as
/// it stands in the JSON, not in another form. A log provider of the app gets the handler's own lines as they are. A
/// result is known when the handler has ended: until then the page of the running job shows lines that hold it.
/// </remarks>
/// <example>
/// <code>
/// public sealed class PaymentJobs
/// {
///     [Job("payment.take")]
///     public void Take(int order, Card card, [Sensitive] string password) { }
///
///     [Job("payment.token")]
///     [return: Sensitive]
///     public string Token(int order) => $"token of {order}";
/// }
///
/// public sealed record Card(string Holder, [property: Sensitive] string Number);
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.Property | AttributeTargets.Field
    | AttributeTargets.ReturnValue)]
public sealed class SensitiveAttribute : Attribute;
