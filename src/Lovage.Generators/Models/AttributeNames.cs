namespace Lovage.Generators;

/// <summary>The full names of the attributes that the generator reads.</summary>
internal static class AttributeNames
{
    internal const string Job = "Lovage.JobAttribute";

    internal const string Schedule = "Lovage.ScheduleAttribute";

    internal const string Tag = "Lovage.TagAttribute";

    internal const string Sensitive = "Lovage.SensitiveAttribute";
}
