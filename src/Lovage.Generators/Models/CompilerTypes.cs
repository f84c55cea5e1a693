namespace System.Runtime.CompilerServices;

/// <summary>The compiler asks for it where a record is built for netstandard2.0.</summary>
internal static class IsExternalInit;

/// <summary>The compiler asks for it where a member is required.</summary>
[AttributeUsage(AttributeTargets.All, Inherited = false)]
internal sealed class RequiredMemberAttribute : Attribute;

/// <summary>The compiler writes it on constructors of types with required members.</summary>
[AttributeUsage(AttributeTargets.All, AllowMultiple = true, Inherited = false)]
internal sealed class CompilerFeatureRequiredAttribute(string featureName) : Attribute
{
    public string FeatureName { get; } = featureName;
}
