namespace Lovage.Generators;

/// <summary>
/// Writes the code that checks the arguments of a handler's jobs: one class beside their bindings, with the rules and a
/// method for each type that leads to rules. Without rules it writes nothing.
/// </summary>
internal sealed class CheckEmitter
{
    private const string Check = "global::Lovage.Generated.JobArgumentCheck";
    private const string Attribute = "global::System.ComponentModel.DataAnnotations.ValidationAttribute";

    private readonly List<TypeCheck> _types = [];
    private readonly Dictionary<string, string> _methods = new(StringComparer.Ordinal);
    private readonly Dictionary<EquatableArray<string>, string> _rules = [];
    private readonly bool _usesReflection;

    internal CheckEmitter(EquatableArray<JobModel> jobs)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var type in jobs.SelectMany(static job => job.Checks.Types))
        {
            if (_methods.ContainsKey(type.Key))
            {
                continue;
            }

            var name = "Check" + type.Name;
            for (var n = 2; !taken.Add(name); n++)
            {
                name = $"Check{type.Name}{n}";
            }

            _types.Add(type);
            _methods.Add(type.Key, name);
        }

        var members = jobs.SelectMany(static job => job.Checks.Parameters)
            .Concat(_types.SelectMany(static type => type.Members));
        foreach (var rules in members.Select(static member => member.Rules)
            .Concat(_types.Where(AsksWhole).Select(static type => type.Rules)))
        {
            _usesReflection |= rules.UsesReflection;
            if (!rules.IsEmpty && !_rules.ContainsKey(rules.Attributes))
            {
                _rules.Add(rules.Attributes, $"Rules{_rules.Count}");
            }
        }
    }

    /// <summary>Code that names the rules of a parameter; null when it has none of its own.</summary>
    internal string? Rules(ArgumentChecks checks, string parameter) =>
        checks.Parameters.FirstOrDefault(check => check.WireName == parameter) is { Rules.IsEmpty: false } check
            ? $"Checks.{_rules[check.Rules.Attributes]}"
            : null;

    /// <summary>The override in the class of a job's arguments.</summary>
    internal void EmitArguments(CodeWriter code, ArgumentChecks checks)
    {
        if (checks.IsEmpty)
        {
            return;
        }

        code.Line();
        code.Open("public override void Validate(string job)");
        code.Line($"var check = new {Check}(job);");
        foreach (var parameter in checks.Parameters)
        {
            Member(code, parameter, "this");
        }

        code.Line("check.End();");
        code.Close();
    }

    /// <summary>The class with the rules and the methods.</summary>
    internal void Emit(CodeWriter code)
    {
        if (_rules.Count == 0 && _types.Count == 0)
        {
            return;
        }

        code.Line();
        if (_usesReflection)
        {
            code.Line(
                "[global::System.Diagnostics.CodeAnalysis.UnconditionalSuppressMessage(\"Trimming\", \"IL2026\", "
                    + "Justification = \"It is said where the attribute is written.\")]");
        }

        code.Open("private static class Checks");
        foreach (var rules in _rules)
        {
            code.Line($"internal static readonly {Attribute}[] {rules.Value} = [{string.Join(", ", rules.Key)}];");
        }

        for (var i = 0; i < _types.Count; i++)
        {
            if (i > 0 || _rules.Count > 0)
            {
                code.Line();
            }

            Type(code, _types[i]);
        }

        code.Close();
    }

    private static bool AsksWhole(TypeCheck type) => !type.Rules.IsEmpty || type.ChecksItself;

    private void Type(CodeWriter code, TypeCheck type)
    {
        code.Open($"internal static void {_methods[type.Key]}({Check} check, {type.Key} value)");
        Derived(code, type);
        if (AsksWhole(type))
        {
            code.Line("var before = check.Findings;");
        }

        foreach (var member in type.Members)
        {
            Member(code, member, "value");
        }

        if (type.Content is { } content)
        {
            code.Line(Step(content, "value"));
        }

        if (AsksWhole(type))
        {
            code.Line($"check.Whole(value, before, {(type.Rules.IsEmpty ? "[]" : _rules[type.Rules.Attributes])});");
        }

        code.Close();
    }

    // A derived type has the rules of its base as its own; an interface passes none on.
    private void Derived(CodeWriter code, TypeCheck type)
    {
        if (type.Derived.Count == 0)
        {
            return;
        }

        code.Open("switch (value)");
        foreach (var derived in type.Derived)
        {
            code.Line($"case {derived} it:");
            code.Line($"    {_methods[derived]}(check, it);");
            code.Line(type.IsInterface ? "    break;" : "    return;");
        }

        code.Close();
        code.Line();
    }

    private void Member(CodeWriter code, MemberCheck member, string instance)
    {
        if (!member.Rules.IsEmpty)
        {
            var names =
                $"{CodeText.Text(member.Name)}, {CodeText.Text(member.WireName)}, {CodeText.Text(member.DisplayName)}";
            code.Line($"check.Member({instance}, {member.Access}, {names}, Checks.{_rules[member.Rules.Attributes]});");
        }

        if (member.Below is { } walk)
        {
            code.Line(
                $"check.Nested<{walk.Type}>({CodeText.Text(member.WireName)}, {member.Access}!, {Action(walk)});");
        }
    }

    private string Action(Walk walk) =>
        walk.Kind == WalkKind.Object
            ? $"Checks.{_methods[walk.Target]}"
            : $"static (check, value) => {{ {Step(walk, "value")} }}";

    private string Step(Walk walk, string value) => walk switch
    {
        { Kind: WalkKind.Nullable, Inner: { } inner } => Step(inner, $"{value}!.Value"),
        { MayBeDefault: true } => $"if (!{value}.IsDefault) {{ {Step(walk with { MayBeDefault = false }, value)} }}",
        { Kind: WalkKind.Elements, Inner: { } inner } => $"check.Elements<{inner.Type}>({value}!, {Action(inner)});",
        { Kind: WalkKind.Values, Inner: { } inner } =>
            $"check.Values<{walk.KeyType}, {inner.Type}>({value}!, {Action(inner)});",
        _ => $"Checks.{_methods[walk.Target]}(check, {value});",
    };
}
