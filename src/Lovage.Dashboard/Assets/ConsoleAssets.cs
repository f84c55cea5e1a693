using System.Collections.Frozen;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Lovage.Dashboard.Assets;

/// <summary>
/// The files of the pages, as they are embedded in this assembly. Their address holds a hash of all of them, so that a
/// browser keeps them for ever. Each is compressed at its first request and kept so.
/// </summary>
/// <remarks>Safe for use by several threads. The process has one.</remarks>
internal sealed class ConsoleAssets
{
    private const string Folder = "ui/";
    private const string Forever = "public, max-age=31536000, immutable";

    private static readonly Lazy<ConsoleAssets> One = new(static () => new ConsoleAssets());

    private static readonly FrozenDictionary<string, string> Types = new Dictionary<string, string>
    {
        [".js"] = "text/javascript; charset=utf-8",
        [".mjs"] = "text/javascript; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".svg"] = "image/svg+xml",
        [".png"] = "image/png",
        [".ico"] = "image/x-icon",
        [".json"] = "application/json",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly FrozenDictionary<string, Asset> _files;

    private ConsoleAssets()
    {
        var assembly = typeof(ConsoleAssets).Assembly;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var files = new Dictionary<string, Asset>(StringComparer.Ordinal);
        Shell = "";
        foreach (var name in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            if (!name.StartsWith(Folder, StringComparison.Ordinal))
            {
                continue;
            }

            using var stream = assembly.GetManifestResourceStream(name)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(name));
            hash.AppendData(bytes);
            var path = name[Folder.Length..];
            if (path == "index.html")
            {
                Shell = System.Text.Encoding.UTF8.GetString(bytes);
            }
            else if (Types.TryGetValue(Path.GetExtension(path), out var type))
            {
                files.Add(path, new Asset(bytes, type));
            }
        }

        Hash = Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
        _files = files.ToFrozenDictionary(StringComparer.Ordinal);
    }

    internal static ConsoleAssets Instance => One.Value;

    /// <summary>The page itself, with <c>{{base}}</c> and <c>{{assets}}</c> in it.</summary>
    internal string Shell { get; }

    /// <summary>A hash of all files.</summary>
    internal string Hash { get; }

    /// <summary>The files' paths.</summary>
    internal IEnumerable<string> Paths => _files.Keys;

    /// <summary>How many bytes of a file go over the wire to a browser that takes brotli.</summary>
    internal int CompressedLength(string path) => _files[path].Brotli.Length;

    /// <summary>Answers with a file; 404 for one that there is not, also of an older version.</summary>
    internal Task ServeAsync(HttpContext context, string hash, string path)
    {
        var response = context.Response;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "same-origin";
        if (hash != Hash || !_files.TryGetValue(path, out var file))
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            response.Headers.CacheControl = "no-store";
            return Task.CompletedTask;
        }

        response.Headers.CacheControl = Forever;
        response.Headers.ETag = file.Tag;
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (Matches(context.Request.Headers.IfNoneMatch, file.Tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        var (bytes, encoding) = file.For(context.Request.Headers.AcceptEncoding);
        response.ContentType = file.Type;
        response.ContentLength = bytes.Length;
        if (encoding is not null)
        {
            response.Headers.ContentEncoding = encoding;
        }

        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
    }

    private static bool Matches(StringValues asked, string tag) =>
        asked.Any(value => value is not null
            && (value.Trim() == "*" || value.Contains(tag, StringComparison.Ordinal)));

    private sealed class Asset(byte[] bytes, string type)
    {
        private readonly Lazy<byte[]> _brotli = new(() => Compress(
            bytes, static stream => new BrotliStream(stream, CompressionLevel.SmallestSize, leaveOpen: true)));

        private readonly Lazy<byte[]> _gzip = new(() => Compress(
            bytes, static stream => new GZipStream(stream, CompressionLevel.SmallestSize, leaveOpen: true)));

        internal string Type => type;

        internal string Tag { get; } = $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 12))}\"";

        internal byte[] Brotli => _brotli.Value;

        internal (byte[] Bytes, string? Encoding) For(StringValues accepted) =>
            type.StartsWith("image/", StringComparison.Ordinal) && type != "image/svg+xml" ? (bytes, null)
            : Accepts(accepted, "br") ? (_brotli.Value, "br")
            : Accepts(accepted, "gzip") ? (_gzip.Value, "gzip")
            : (bytes, null);

        private static bool Accepts(StringValues accepted, string encoding) =>
            StringWithQualityHeaderValue.TryParseList(accepted.ToArray()!, out var list)
                && list.Any(one => one.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase) && one.Quality != 0);

        private static byte[] Compress(byte[] bytes, Func<Stream, Stream> open)
        {
            using var memory = new MemoryStream();
            using (var stream = open(memory))
            {
                stream.Write(bytes);
            }

            return memory.ToArray();
        }
    }
}
