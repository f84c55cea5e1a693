using System.IO.Compression;
using System.Text;
using Lovage.Protocol;
using static Lovage.Tests.Protocol.HostileMessageTests;

namespace Lovage.Tests.Protocol;

/// <summary>Hostile compressed bodies: each is refused by the one typed error.</summary>
public sealed class HostileCompressionTests
{
    [Theory]
    [InlineData("application/x-bz2")]
    [InlineData("application/x-brotli")]
    [InlineData("application/x-lzma")]
    [InlineData("application/zstd")]
    [InlineData("../x")]
    public void Decode_OtherCompression_IsRefused(string name) =>
        Assert.Equal(
            MalformedReason.Compression,
            Assert.Throws<MalformedMessageException>(() =>
                CeleryEnvelope.Decode(Envelope(h => h["compression"] = name))).Reason);

    [Fact]
    public void Decode_CompressionBomb_IsStoppedAtTheCap()
    {
        var bomb = Zlib(new byte[200 * 1024 * 1024]);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<MalformedMessageException>(
            () => CeleryEnvelope.Decode(Envelope(h => h["compression"] = "application/x-gzip", bomb)));

        Assert.Equal(MalformedReason.Size, error.Reason);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 * 1024 * 1024);
    }

    [Fact]
    public void Decode_CompressedBeyondTheRatio_IsRefusedAndBelowIsRead()
    {
        var spaces = new string(' ', 300_000);
        byte[] body = Zlib(Encoding.UTF8.GetBytes($"[[1],{{}},{spaces}null]"));
        var strict = new CeleryLimits { CompressionRatioMax = 2 };

        Assert.Equal(
            MalformedReason.Size,
            Assert.Throws<MalformedMessageException>(() =>
                CeleryEnvelope.Decode(Envelope(h => h["compression"] = "zlib", body), limits: strict)).Reason);
        Assert.Equal(
            300_013,
            CeleryEnvelope.Decode(Envelope(h => h["compression"] = "zlib", body), limits: new CeleryLimits
            {
                CompressionRatioMax = 1_000,
            }).Body.Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not compressed")]
    public void Decode_BrokenCompressedBody_IsRefused(string body) =>
        Assert.Throws<MalformedMessageException>(
            () => CeleryEnvelope.Decode(Envelope(h => h["compression"] = "gzip", Encoding.UTF8.GetBytes(body))));

    [Fact]
    public void Decode_BodyThatNeedsADictionary_IsRefused()
    {
        // RFC 1950: the flag FDICT is set, and the dictionary's checksum follows.
        byte[] body = [0x78, 0xBB, 0, 0, 0, 1, 0x4B, 0x04, 0];

        Assert.Equal(
            MalformedReason.Compression,
            Assert.Throws<MalformedMessageException>(() =>
                CeleryEnvelope.Decode(Envelope(h => h["compression"] = "gzip", body))).Reason);
    }

    private static byte[] Zlib(byte[] data)
    {
        using var output = new MemoryStream();
        using (var zlib = new ZLibStream(output, CompressionLevel.Optimal))
        {
            zlib.Write(data);
        }

        return output.ToArray();
    }
}
