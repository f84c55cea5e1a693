using System.Globalization;
using Microsoft.CodeAnalysis.CSharp;

namespace Lovage.Generators;

/// <summary>Plain values written as C# code.</summary>
internal static class CodeText
{
    internal static string Text(string value) => SymbolDisplay.FormatLiteral(value, quote: true);

    internal static string Flag(bool value) => value ? "true" : "false";

    internal static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture) + "D";
}
