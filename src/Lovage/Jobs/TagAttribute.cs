namespace Lovage;

/// <summary>
/// Tags each job with the value of one parameter of its handler: <c>[Tag] int order</c> gives the tag <c>order:42</c>,
/// and <c>[Tag("customer")] Guid buyer</c> gives <c>customer:0198...</c>. <see cref="JobQuery.Tag"/> finds the job by
/// it.
/// </summary>
/// <remarks>
/// The generated factory sets <see cref="Job.Tags"/>. Null and the empty text give no tag. Texts, numbers, dates, ids,
/// enumerations and other types that implement <see cref="IFormattable"/> have a text form; times are written as ISO
/// 8601. The factory throws an <see cref="ArgumentException"/> when the tag has more than 64 characters: a tag that was
/// cut would find other jobs. A handler has at most 8 parameters with this attribute.
/// </remarks>
/// <param name="name">The part before the colon; null (the default) for the parameter's name on the wire.</param>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class TagAttribute(string? name = null) : Attribute
{
    /// <summary>The part before the colon; null for the parameter's name on the wire, in snake_case.</summary>
    public string? Name { get; } = name;
}
