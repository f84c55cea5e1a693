namespace System.Diagnostics.CodeAnalysis;

/// <summary>The compiler writes it on the copy constructors of records with required members.</summary>
[AttributeUsage(AttributeTargets.Constructor, Inherited = false)]
internal sealed class SetsRequiredMembersAttribute : Attribute;
