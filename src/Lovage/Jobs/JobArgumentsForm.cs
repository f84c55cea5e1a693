namespace Lovage;

/// <summary>How a generated factory writes a job's arguments into the message.</summary>
/// <remarks>A worker reads both forms, whatever its handler says.</remarks>
public enum JobArgumentsForm
{
    /// <summary>
    /// By position, as Celery's <c>args</c>: the default. A parameter may be renamed, and must keep its place.
    /// </summary>
    ByPosition = 0,

    /// <summary>
    /// By name, as Celery's <c>kwargs</c>. Parameters may move, and each must keep its name. For handlers with several
    /// parameters of one type: two that change places in a deploy would otherwise swap their values.
    /// </summary>
    ByName = 1,
}
