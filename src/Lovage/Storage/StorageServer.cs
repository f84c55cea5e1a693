using System.Diagnostics.CodeAnalysis;

namespace Lovage.Storage;

/// <summary>
/// Where the server of a storage is, as <c>server.address</c> and <c>server.port</c> of spans and metrics have it.
/// </summary>
/// <param name="Address">The name or address of its host, or the path of its socket; never credentials.</param>
/// <param name="Port">Its port; null for a socket that has none.</param>
/// <remarks>Immutable.</remarks>
[Experimental("LVGS001")]
public sealed record StorageServer(string Address, int? Port = null);
