namespace Lovage;

/// <summary>How bulk operations are carried out, as in the section <c>Lovage:Operations</c>.</summary>
public sealed class OperationOptions
{
    /// <summary>
    /// Over how much time an operation that runs many jobs again spreads them when its caller does not say, 0 to 7
    /// days; 10 min by default.
    /// </summary>
    public TimeSpan RunAgainSpread { get; set; } = ClientRules.RunAgainSpread.Default;

    /// <summary>
    /// Jobs that are run again at once at the most; more are spread. 0 to 1,000,000; 1,000 by default.
    /// </summary>
    public int RunAgainAtOnceMax { get; set; } = ClientRules.RunAgainAtOnceMax.Default;
}
