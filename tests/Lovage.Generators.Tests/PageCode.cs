using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Lovage.Generators.Tests;

/// <summary>One block of C# in a page.</summary>
/// <param name="Page">The page's file name.</param>
/// <param name="Line">The line of its first line of code, from 1.</param>
/// <param name="Code">The code.</param>
/// <param name="NotCompiled">Why the test leaves it out; null for a block that compiles.</param>
internal sealed record PageBlock(string Page, int Line, string Code, string? NotCompiled)
{
    private const string Mark = "<!-- not compiled: ";

    /// <summary>The blocks of a page. A comment in the line before a block may leave it out.</summary>
    internal static IReadOnlyList<PageBlock> Of(string page, string[] lines)
    {
        var blocks = new List<PageBlock>();
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i] != "```csharp")
            {
                continue;
            }

            var end = Array.IndexOf(lines, "```", i + 1);
            var before = i > 0 && lines[i - 1].StartsWith(Mark, StringComparison.Ordinal) ? lines[i - 1] : null;
            blocks.Add(new PageBlock(
                page,
                i + 2,
                string.Join('\n', lines[(i + 1)..end]),
                before?[Mark.Length..].Replace("-->", "", StringComparison.Ordinal).Trim()));
            i = end;
        }

        return blocks;
    }

    /// <summary>The names of the types that the block declares.</summary>
    internal IEnumerable<string> Types() =>
        Parse().Members.OfType<BaseTypeDeclarationSyntax>().Select(static type => type.Identifier.ValueText);

    /// <summary>
    /// The block as a file: statements in a method, members in a class, both with what an app has at hand; types as
    /// they are. The compiler's lines are those of the page.
    /// </summary>
    internal string ToFile()
    {
        var unit = Parse();
        var statements = unit.Members.OfType<GlobalStatementSyntax>().ToArray();
        var text = new StringBuilder();
        foreach (var directive in unit.Usings)
        {
            Append(text, directive);
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"Block{Line}");
        if (IsMembers(unit))
        {
            text.Append(CultureInfo.InvariantCulture, $"public sealed class {name} : App {{\n#line {Line} \"{Page}\"\n")
                .Append(Code)
                .Append("\n}\n");
        }
        else if (statements.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"internal sealed class {name} : App {{\n")
                .Append("internal static async Task RunAsync(string[] args) {\nawait Task.Yield();\n");
            foreach (var statement in statements)
            {
                Append(text, statement);
            }

            text.Append("#line default\n}\n}\n");
        }

        foreach (var type in unit.Members.Where(member => !IsMembers(unit) && member is not GlobalStatementSyntax))
        {
            Append(text, type);
        }

        return text.ToString();
    }

    private CompilationUnitSyntax Parse() =>
        CSharpSyntaxTree.ParseText(Code, new CSharpParseOptions(LanguageVersion.CSharp14)).GetCompilationUnitRoot();

    // Methods that stand alone look like local functions with a modifier that these cannot have.
    private static bool IsMembers(CompilationUnitSyntax unit) =>
        unit.Members.Count > 0 && unit.Members.All(static member =>
            member is GlobalStatementSyntax { Statement: LocalFunctionStatementSyntax { Modifiers: var words } }
                && words.Any(static word => word.ValueText == "public"));

    private void Append(StringBuilder text, Microsoft.CodeAnalysis.SyntaxNode node)
    {
        var line = Line + node.SyntaxTree.GetLineSpan(node.FullSpan).StartLinePosition.Line;
        text.Append(CultureInfo.InvariantCulture, $"#line {line} \"{Page}\"\n{node.ToFullString()}\n");
    }
}
