namespace System.Runtime.CompilerServices;

/// <summary>What the compiler asks for where a record is built for netstandard2.0.</summary>
internal static class IsExternalInit;
