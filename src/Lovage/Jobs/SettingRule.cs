namespace Lovage;

/// <summary>The default of one setting, and what is allowed.</summary>
/// <typeparam name="T">A number or a time.</typeparam>
internal sealed record SettingRule<T>(T Default, T Min, T Max)
    where T : IComparable<T>
{
    internal bool Allows(T value) => value.CompareTo(Min) >= 0 && value.CompareTo(Max) <= 0;
}
