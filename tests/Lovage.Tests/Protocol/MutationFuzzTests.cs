using System.Text;
using System.Text.Json.Nodes;
using Lovage.Protocol;

namespace Lovage.Tests.Protocol;

/// <summary>Captured messages, damaged at random: each is read or refused by the one typed error, soon.</summary>
public sealed class MutationFuzzTests(ITestOutputHelper output)
{
    private const int Rounds = 24_000;
    private static readonly TimeSpan SlowestMax = TimeSpan.FromSeconds(2);

    private static readonly byte[][] Tokens =
    [
        .. new[]
        {
            "null", "NaN", "1e999", "-1", "9999999999999999999999", "\"\"", "[]", "{}", "{", "]", "\"", "\\", "\\ud800",
            "\\u0000", "\r\n", "true", ",", ":", "\"__type__\"",
        }
            .Select(Encoding.UTF8.GetBytes),
        [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xEF, 0xBB, 0xBF], [0],
    ];

    [Theory]
    [InlineData(null)]
    [InlineData(20_261_122)]
    [InlineData(31_329_480)]
    public void Decode_MutatedMessage_IsReadOrRefused(int? seed)
    {
        var used = seed ?? Environment.TickCount;
        output.WriteLine($"seed {used}");
        var random = new Random(used);
        byte[][] envelopes = [.. Vectors.RedisEnvelopes().Select(v => v.Envelope)];
        byte[][] records = [.. Vectors.Results().Select(v => v.Record)];
        int read = 0, refused = 0;
        var slowest = TimeSpan.Zero;

        for (var round = 0; round < Rounds / 2; round++)
        {
            var isRecord = round % 4 == 0;
            var pool = isRecord ? records : envelopes;
            var original = pool[random.Next(pool.Length)];
            var input = round % 3 == 0 && !isRecord ? MutateBody(original, random) : Mutate(original, random);
            var start = TimeProvider.System.GetTimestamp();
            try
            {
                Exercise(input, isRecord);
                read++;
            }
            catch (MalformedMessageException)
            {
                refused++;
            }
            catch (Exception fault)
            {
                Assert.Fail($"seed {used}, round {round}: {fault}\n{Convert.ToBase64String(input)}");
            }

            var took = TimeProvider.System.GetElapsedTime(start);
            slowest = took > slowest ? took : slowest;
        }

        output.WriteLine($"{read} read, {refused} refused, slowest {slowest.TotalMilliseconds:0.0} ms");
        Assert.True(read > Rounds / 100, $"seed {used}: only {read} were read, so that the mutations test nothing");
        Assert.True(
            refused > Rounds / 100, $"seed {used}: only {refused} were refused, so that the mutations test nothing");
        Assert.True(slowest < SlowestMax, $"seed {used}: one took {slowest}");
    }

    /// <summary>What is read can be written, and what is written can be read.</summary>
    private static void Exercise(byte[] input, bool isRecord)
    {
        if (isRecord)
        {
            var result = CeleryResult.Decode(input);
            CeleryResult.Decode(result.Encode());
            _ = result.Error?.ToJobError(result.Traceback);
            return;
        }

        var message = CeleryEnvelope.Decode(input);
        CeleryEnvelope.Decode(CeleryEnvelope.Encode(message, "tag", DateTimeOffset.UnixEpoch));
        CeleryAmqp.Decode(CeleryAmqp.Encode(message, DateTimeOffset.UnixEpoch), message.Queue);
    }

    /// <summary>Damages the body under its base64, which damage to the text seldom gets past.</summary>
    private static byte[] MutateBody(byte[] envelope, Random random)
    {
        var json = JsonNode.Parse(envelope)!;
        var body = Convert.FromBase64String(json["body"]!.GetValue<string>());
        json["body"] = Convert.ToBase64String(Mutate(body, random));
        return Encoding.UTF8.GetBytes(json.ToJsonString());
    }

    private static byte[] Mutate(byte[] original, Random random)
    {
        List<byte> bytes = [.. original];
        for (var times = random.Next(1, 4); times > 0 && bytes.Count > 0; times--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                    break;
                case 2:
                    bytes.InsertRange(at, Tokens[random.Next(Tokens.Length)]);
                    break;
                case 3:
                    var length = Math.Min(random.Next(1, 60), bytes.Count - at);
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                    break;
                case 4:
                    bytes[at] = (byte)random.Next(256);
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        return [.. bytes];
    }
}
