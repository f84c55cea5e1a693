using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Lovage.Architecture.Tests;

/// <summary>Rules of the house that no analyzer knows. Each takes files and yields one line a finding.</summary>
internal static partial class SourceRules
{
    public const int LinesMax = 400;

    public const int ColumnsMax = 120;

    public const int ParametersMax = 7;

    /// <summary>Classes open for derivation without being abstract, each with its reason.</summary>
    public static IReadOnlyDictionary<string, string> UnsealedTypes { get; } = new Dictionary<string, string>
    {
        ["Job"] = "record base of Job<TResult>: both are values a user writes",
        ["Job<TResult>"] = "generated factories may return a record of their own",
    };

    /// <summary>Public interfaces, each with its reason: a seam is an abstract class, a value is a record.</summary>
    public static IReadOnlyDictionary<string, string> PublicInterfaces { get; } = new Dictionary<string, string>
    {
        ["IJobFilter"] = "written by users, many of one kind, built by dependency injection",
    };

    public static IEnumerable<string> UnsealedClasses(IReadOnlyList<SourceFile> files) =>
        from parts in Types(files)
            .Where(type => type.Node is ClassDeclarationSyntax || type.Node.IsKind(SyntaxKind.RecordDeclaration))
            .GroupBy(type => type.FullName)
        where !parts.Any(part => part.Node.Modifiers.Any(SyntaxKind.SealedKeyword)
            || part.Node.Modifiers.Any(SyntaxKind.AbstractKeyword)
            || part.Node.Modifiers.Any(SyntaxKind.StaticKeyword))
        where !UnsealedTypes.ContainsKey(parts.First().Name)
        select $"{parts.First().Place}: {parts.First().Name} is neither sealed nor abstract";

    public static IEnumerable<string> UnknownInterfaces(IReadOnlyList<SourceFile> files) =>
        from type in Types(files)
        where type.Node is InterfaceDeclarationSyntax && IsPublic(type.Node) && !PublicInterfaces.ContainsKey(type.Name)
        select $"{type.Place}: public interface {type.Name} is not in the list";

    public static IEnumerable<string> VagueNames(IReadOnlyList<SourceFile> files) =>
        from type in Types(files)
        where VagueWord().IsMatch(type.Node.Identifier.Text)
        select $"{type.Place}: {type.Name} says nothing; name what it does";

    public static IEnumerable<string> LongFiles(IReadOnlyList<SourceFile> files) =>
        from file in files
        let lines = file.Tree.GetText().Lines.Count
        where lines > LinesMax + 1
        select $"{file.Path}: {lines} lines, more than {LinesMax}";

    public static IEnumerable<string> WideLines(IReadOnlyList<SourceFile> files) =>
        from file in files
        from line in file.Text.Split('\n').Index()
        let columns = line.Item.TrimEnd('\r').Length
        where columns > ColumnsMax
        select $"{file.Path}:{line.Index + 1}: {columns} columns, more than {ColumnsMax}";

    public static IEnumerable<string> LongConstructors(IReadOnlyList<SourceFile> files) =>
        from file in files
        from node in file.Tree.GetRoot().DescendantNodes()
        let parameters = node switch
        {
            ConstructorDeclarationSyntax constructor => constructor.ParameterList,
            TypeDeclarationSyntax { ParameterList: { } primary } => primary,
            _ => null,
        }
        where parameters?.Parameters.Count > ParametersMax
        select $"{file.At(parameters.SpanStart)}: a constructor of {parameters.Parameters.Count} parameters, more than "
            + $"{ParametersMax}";

    /// <summary>Words that make a reader guess who acts. Names of our own, in code, are not looked at.</summary>
    public static IEnumerable<string> Riddles(IReadOnlyList<SourceFile> files) =>
        from file in files
        from piece in Prose(file)
        from riddle in RiddlesOf(piece.Text)
        select $"{file.At(piece.Position)}: \"{riddle}\"; name the actor";

    /// <summary>The riddling words of a text.</summary>
    public static IEnumerable<string> RiddlesOf(string text) =>
        RiddlingWord().Matches(text).Select(match => match.Value);

    public static IEnumerable<string> UnfinishedWork(IReadOnlyList<SourceFile> files) =>
        from file in files
        from comment in file.Tree.GetRoot().DescendantTrivia()
        where IsComment(comment) && UnfinishedWord().IsMatch(comment.ToFullString())
        select $"{file.At(comment.SpanStart)}: unfinished work is noted in a comment; finish it or open an issue";

    public static IEnumerable<string> SilencedWarnings(IReadOnlyList<SourceFile> files) =>
        from file in files
        from directive in file.Tree.GetRoot()
            .DescendantNodes(descendIntoTrivia: true)
            .OfType<PragmaWarningDirectiveTriviaSyntax>()
        where directive.DisableOrRestoreKeyword.IsKind(SyntaxKind.DisableKeyword)
        select $"{file.At(directive)}: silence a rule in eng/analyzers or by a justified SuppressMessage";

    /// <summary>
    /// The app's loggers and listeners may throw: they are called through the guards, or by an attempt's listener.
    /// </summary>
    public static IEnumerable<string> UnguardedObservers(IReadOnlyList<SourceFile> files) =>
        from file in files
        from call in file.Tree.GetRoot().DescendantNodes().OfType<InvocationExpressionSyntax>()
        let name = (call.Expression as MemberAccessExpressionSyntax)?.Name.Identifier.Text
        where (name is "CreateLogger" && !file.Path.EndsWith("/LoggerFactoryExtensions.cs", StringComparison.Ordinal))
            || (name is "StartActivity"
                && !file.Path.EndsWith("/Span.cs", StringComparison.Ordinal)
                && !call.Ancestors().OfType<ClassDeclarationSyntax>().Any(static type =>
                    type.BaseList?.ToString().Contains("AttemptListener", StringComparison.Ordinal) == true))
        select $"{file.At(call)}: use loggers.Guarded(...) or Span.Start(...), which never throw";

    public static IEnumerable<string> OptionsWithoutDefault(IReadOnlyList<SourceFile> files) =>
        from type in Types(files)
        where type.Node.Identifier.Text.EndsWith("Options", StringComparison.Ordinal) && IsPublic(type.Node)
        from property in type.Node.Members.OfType<PropertyDeclarationSyntax>()
        where property.Modifiers.Any(SyntaxKind.PublicKeyword) && !property.Modifiers.Any(SyntaxKind.StaticKeyword)
        let documentation = string.Concat(
            property.GetLeadingTrivia().Where(IsComment).Select(trivia => trivia.ToFullString()))
        where !documentation.Contains("default", StringComparison.OrdinalIgnoreCase)
            && !documentation.Contains("<inheritdoc", StringComparison.Ordinal)
        select $"{type.File.At(property.Identifier.SpanStart)}: {type.Name}.{property.Identifier.Text} does not say "
            + "its default";

    /// <summary>Event ids are what log readers filter by: each message needs one of its own.</summary>
    public static IEnumerable<string> EventIdClashes(CSharpCompilation compilation)
    {
        var messages = from tree in compilation.SyntaxTrees
                       let model = compilation.GetSemanticModel(tree)
                       from attribute in tree.GetRoot().DescendantNodes().OfType<AttributeSyntax>()
                       where attribute.Name.ToString() is "LoggerMessage" or "LoggerMessageAttribute"
                       let line = tree.GetLineSpan(attribute.Span).StartLinePosition.Line + 1
                       select (Place: $"{tree.FilePath}:{line}", Id: EventId(attribute, model));
        return from sameId in messages.ToList().GroupBy(message => message.Id)
               where sameId.Key is null || sameId.Count() > 1
               select $"{(sameId.Key is { } id ? $"event id {id} is used twice" : "no event id")}: "
                   + $"{string.Join(", ", sameId.Select(message => message.Place))}";
    }

    private static int? EventId(AttributeSyntax attribute, SemanticModel model)
    {
        var arguments = attribute.ArgumentList?.Arguments ?? [];
        var argument = arguments.FirstOrDefault(argument =>
            (argument.NameEquals?.Name ?? argument.NameColon?.Name)?.Identifier.Text is "EventId" or "eventId")
            ?? arguments.FirstOrDefault(argument => argument.NameEquals is null && argument.NameColon is null);
        return argument is not null
            && model.GetConstantValue(argument.Expression) is { Value: int id }
            && model.GetTypeInfo(argument.Expression).Type?.TypeKind != TypeKind.Enum ? id : null;
    }

    private static bool IsPublic(BaseTypeDeclarationSyntax type) =>
        type.AncestorsAndSelf()
            .OfType<BaseTypeDeclarationSyntax>()
            .All(outer => outer.Modifiers.Any(SyntaxKind.PublicKeyword));

    private static bool IsComment(SyntaxTrivia trivia) =>
        trivia.Kind() is SyntaxKind.SingleLineCommentTrivia or SyntaxKind.MultiLineCommentTrivia
            or SyntaxKind.SingleLineDocumentationCommentTrivia or SyntaxKind.MultiLineDocumentationCommentTrivia;

    private static IEnumerable<(int Position, string Text)> Prose(SourceFile file) =>
        file.Tree.GetRoot().DescendantTrivia().Where(IsComment)
            .Select(trivia => (trivia.SpanStart, trivia.ToFullString()))
            .Concat(file.Tree.GetRoot().DescendantTokens()
                .Where(token => token.Kind() is SyntaxKind.StringLiteralToken or SyntaxKind.InterpolatedStringTextToken
                    or SyntaxKind.SingleLineRawStringLiteralToken or SyntaxKind.MultiLineRawStringLiteralToken)
                .Select(token => (token.SpanStart, token.Text)));

    private static IEnumerable<DeclaredType> Types(IEnumerable<SourceFile> files) =>
        from file in files
        from node in file.Tree.GetRoot().DescendantNodes().OfType<TypeDeclarationSyntax>()
        where node is not ExtensionBlockDeclarationSyntax
        select new DeclaredType(file, node);

    [GeneratedRegex("(Manager|Helper|Util(itie|ity)?)s?(?=[A-Z0-9_]|$)")]
    private static partial Regex VagueWord();

    // Written with brackets, so that the rule does not find this file.
    [GeneratedRegex(
        @"\b(who(m)?ever|(some|no|any)body|[l]est|seldome[r]|(is|are|was|were) looke[d] for"
            + @"|what (is|was) give[n] back|(is|are|was|were|be|been) give[n] back)\b",
        RegexOptions.IgnoreCase)]
    private static partial Regex RiddlingWord();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b")]
    private static partial Regex UnfinishedWord();

    private sealed record DeclaredType(SourceFile File, TypeDeclarationSyntax Node)
    {
        public string Name => Node.Identifier.Text + Node.TypeParameterList;

        // The project keeps apart equal names of two projects; within one, outer types and the namespace do.
        public string FullName => string.Join('.', [File.Path.Split('/')[1],
            .. Node.Ancestors().OfType<BaseNamespaceDeclarationSyntax>().Select(outer => outer.Name.ToString()),
            .. Node.Ancestors().OfType<TypeDeclarationSyntax>().Select(outer => outer.Identifier.Text), Name]);

        public string Place => File.At(Node.Identifier.SpanStart);
    }
}
