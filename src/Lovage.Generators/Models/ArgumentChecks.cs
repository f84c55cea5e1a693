namespace Lovage.Generators;

/// <summary>The validation attributes of one place.</summary>
/// <param name="Attributes">Each as the code that makes it.</param>
/// <param name="UsesReflection">True when the constructor of one says that trimming may break it.</param>
internal sealed record RuleSet(EquatableArray<string> Attributes, bool UsesReflection)
{
    internal bool IsEmpty => Attributes.Count == 0;
}

/// <summary>What a value is, on the way to what is checked in it.</summary>
internal enum WalkKind
{
    /// <summary>An object of a type with a check of its own.</summary>
    Object,

    /// <summary>A value type that may be null.</summary>
    Nullable,

    /// <summary>A sequence.</summary>
    Elements,

    /// <summary>A dictionary.</summary>
    Values,
}

/// <summary>The way from a value to the objects in it.</summary>
/// <param name="Kind">What the value is.</param>
/// <param name="Type">Its type as <c>typeof</c> takes it.</param>
/// <param name="Target">The type of the objects, in the same form.</param>
/// <param name="KeyType">The type of a dictionary's keys; empty for anything else.</param>
/// <param name="Inner">The way from an element or value on; null for an object.</param>
/// <param name="MayBeDefault">True for an ImmutableArray, which cannot be read before it was made.</param>
internal sealed record Walk(WalkKind Kind, string Type, string Target, string KeyType, Walk? Inner, bool MayBeDefault);

/// <summary>A parameter or member that is checked, or that holds what is.</summary>
/// <param name="Access">As code reads it: <c>Value0</c>, <c>value.Lines</c>.</param>
/// <param name="Name">Its name in C#.</param>
/// <param name="WireName">Its name in JSON.</param>
/// <param name="DisplayName">What messages call it.</param>
/// <param name="Rules">Its attributes.</param>
/// <param name="Below">The way into it; null when nothing in it is checked.</param>
internal sealed record MemberCheck(
    string Access, string Name, string WireName, string DisplayName, RuleSet Rules, Walk? Below);

/// <summary>How the objects of one type are checked.</summary>
internal sealed record TypeCheck
{
    /// <summary>The type as <c>typeof</c> takes it.</summary>
    public required string Key { get; init; }

    /// <summary>Its name, as part of an identifier.</summary>
    public required string Name { get; init; }

    /// <summary>Its members; those of its bases are among them.</summary>
    public required EquatableArray<MemberCheck> Members { get; init; }

    /// <summary>The way into it when it is itself a collection; null when it is none.</summary>
    public required Walk? Content { get; init; }

    /// <summary>The attributes of the type.</summary>
    public required RuleSet Rules { get; init; }

    /// <summary>True for an IValidatableObject.</summary>
    public required bool ChecksItself { get; init; }

    /// <summary>True for an interface, whose rules the types below it do not inherit.</summary>
    public required bool IsInterface { get; init; }

    /// <summary>What it may really be, the most derived first, as <see cref="Key"/>.</summary>
    public required EquatableArray<string> Derived { get; init; }

    /// <summary>True when something is checked here, whatever lies below.</summary>
    internal bool HasRules => !Rules.IsEmpty || ChecksItself || Members.Any(static m => !m.Rules.IsEmpty);

    /// <summary>The types this one leads to.</summary>
    internal IEnumerable<string> Targets =>
        Members.Select(static m => m.Below?.Target).Append(Content?.Target).OfType<string>().Concat(Derived);
}

/// <summary>What is checked of the arguments of one job; nothing for most.</summary>
/// <param name="Parameters">The parameters with rules, or with something in them that has.</param>
/// <param name="Types">The types they lead to.</param>
internal sealed record ArgumentChecks(EquatableArray<MemberCheck> Parameters, EquatableArray<TypeCheck> Types)
{
    internal bool IsEmpty => Parameters.Count == 0;
}
