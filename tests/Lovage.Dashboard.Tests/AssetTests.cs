using System.IO.Compression;
using System.Net;
using Lovage.Dashboard.Assets;
using Lovage.Dashboard.Tests.Sites;

namespace Lovage.Dashboard.Tests;

/// <summary>The files of the pages.</summary>
public sealed class AssetTests
{
    private static readonly ConsoleAssets Assets = ConsoleAssets.Instance;

    [Theory]
    [InlineData("br")]
    [InlineData("gzip")]
    [InlineData("identity")]
    public async Task Asset_EachEncoding_IsTheSameFileAndStaysForEver(string encoding)
    {
        await using var site = await ConsoleSite.StartAsync();
        var path = Assets.Paths.First(static path => path.EndsWith(".js", StringComparison.Ordinal));
        using var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri($"/lovage/assets/{Assets.Hash}/{path}", UriKind.Relative));
        request.Headers.Add("Accept-Encoding", encoding);

        using var response = await site.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/javascript", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains("immutable", response.Headers.CacheControl?.ToString(), StringComparison.Ordinal);
        Assert.Equal(
            encoding == "identity" ? null : encoding, response.Content.Headers.ContentEncoding.SingleOrDefault());
        var bytes = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Original(path), Unpacked(bytes, encoding));

        using var again = new HttpRequestMessage(HttpMethod.Get, request.RequestUri);
        again.Headers.Add("If-None-Match", response.Headers.ETag!.ToString());
        using var unchanged = await site.Http.SendAsync(again, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }

    [Fact]
    public void Shell_HasThePlacesThatAreFilled()
    {
        Assert.Contains("{{base}}", Assets.Shell, StringComparison.Ordinal);
        Assert.Contains("{{assets}}", Assets.Shell, StringComparison.Ordinal);
        Assert.Equal(16, Assets.Hash.Length);
    }

    private static byte[] Original(string path)
    {
        using var stream = typeof(ConsoleAssets).Assembly.GetManifestResourceStream($"ui/{path}")!;
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }

    private static byte[] Unpacked(byte[] bytes, string encoding)
    {
        using var memory = new MemoryStream(bytes);
        using Stream stream = encoding switch
        {
            "br" => new BrotliStream(memory, CompressionMode.Decompress),
            "gzip" => new GZipStream(memory, CompressionMode.Decompress),
            _ => memory,
        };
        using var unpacked = new MemoryStream();
        stream.CopyTo(unpacked);
        return unpacked.ToArray();
    }
}
