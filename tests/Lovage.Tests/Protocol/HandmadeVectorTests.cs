using System.Text;
using System.Text.Json;
using Lovage.Protocol;

namespace Lovage.Tests.Protocol;

/// <summary>
/// Messages written by hand, and what the Python worker did with them. Where it refused or died, Lovage refuses too, or
/// the difference stands here with its reason.
/// </summary>
public sealed class HandmadeVectorTests
{
    /// <summary>Refused here.</summary>
    private static readonly Dictionary<string, MalformedReason> Refused = new()
    {
        ["args_null"] = MalformedReason.Envelope,
        ["kwargs_null"] = MalformedReason.Envelope,
        ["body_invalid_json"] = MalformedReason.Envelope,
        ["body_object_not_list"] = MalformedReason.Envelope,
        ["embed_missing_two_element_body"] = MalformedReason.Envelope,
        ["content_type_pickle"] = MalformedReason.ContentType,
        ["content_type_text_plain"] = MalformedReason.ContentType,
        ["no_content_type"] = MalformedReason.ContentType,
        ["eta_bad"] = MalformedReason.Envelope,
        ["eta_number"] = MalformedReason.Envelope,
        ["expires_number"] = MalformedReason.Envelope,
        ["no_id"] = MalformedReason.Envelope,
        ["no_task_header"] = MalformedReason.Envelope,
        ["unknown_task_no_id"] = MalformedReason.Envelope,
    };

    /// <summary>Python refused or died, and we take the message.</summary>
    private static readonly Dictionary<string, string> TakenAllTheSame = new()
    {
        ["body_encoding_utf8"] = "kombu before 5.4 dies of it; it is what 5.4 writes",
        ["body_encoding_utf8_nonascii"] = "kombu before 5.4 dies of it; it is what 5.4 writes",
        ["eta_7digits"] = "Celery before 5.3.5 cannot read seven digits; later ones can",
        ["eta_7digits_offset"] = "Celery before 5.3.5 cannot read seven digits; later ones can",
        ["no_delivery_info"] = "kombu dies of it; the consumer knows the queue it took the message from",
        ["no_delivery_tag"] = "kombu dies of it; the tag is the broker's and no part of the message",
        ["unknown_ext_type"] = "typed values are data here and never lead to a type; Celery 5.2 does the same",
        ["uuid_ext_bad_form"] = "typed values are data here and never lead to a type; Celery 5.2 does the same",
    };

    public static TheoryData<string> Names => [.. Vectors.Files("handmade")];

    [Fact]
    public void Vectors_OfBothVersions_AreAllHere() => Assert.Equal(90, Vectors.Files("handmade").Count());

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_HandmadeMessage_DoesWhatPythonDidOrBetter(string file)
    {
        var vector = Vectors.Read(file);
        var name = vector.GetProperty("case").GetString()!;
        var bytes = Encoding.UTF8.GetBytes(vector.GetProperty("message").GetRawText());
        var pythonRan = vector.GetProperty("worker_alive").GetBoolean()
            && vector.GetProperty("result").ValueKind == JsonValueKind.Object;

        if (Refused.TryGetValue(name, out var reason))
        {
            Assert.Equal(
                reason, Assert.Throws<MalformedMessageException>(() => CeleryEnvelope.Decode(bytes, "celery")).Reason);

            // Python calls the function with what cannot be called and stores the TypeError; here it never gets that
            // far.
            Assert.True(!pythonRan || name == "args_null", $"{name} ran in Python and is refused here");
            return;
        }

        Assert.True(pythonRan || TakenAllTheSame.ContainsKey(name), $"{name} was refused by Python and is taken here");
        var message = CeleryEnvelope.Decode(bytes, "celery");
        Assert.Equal("celery", message.Queue);
        Assert.Equal(
            vector.GetProperty("message").GetProperty("headers").TryGetProperty("id", out var id)
                ? id.GetString()
                : message.Id.Value,
            message.Id.Value);
        HeaderAssert.SameMessage(
            message, CeleryEnvelope.Decode(CeleryEnvelope.Encode(message, "tag", DateTimeOffset.UnixEpoch)));
        if (vector.GetProperty("result") is { ValueKind: JsonValueKind.Object } result
            && result.GetProperty("status").GetString() == "SUCCESS"
            && message.Name == "proj.add")
        {
            Assert.Equal(result.GetProperty("result").GetInt32(), Sum(message));
        }
    }

    [Fact]
    public void Decode_NoDeliveryInfoAndNoQueue_NamesThePath()
    {
        var bytes = Encoding.UTF8.GetBytes(
            Vectors.Read("handmade/5.6.3/no_delivery_info.json").GetProperty("message").GetRawText());

        Assert.Equal(
            "$.properties.delivery_info.routing_key",
            Assert.Throws<MalformedMessageException>(() => CeleryEnvelope.Decode(bytes)).Path);
    }

    private static int Sum(JobMessage message)
    {
        var body = Vectors.Json(message.Body);
        return body[0].EnumerateArray().Sum(a => a.GetInt32()) + body[1].EnumerateObject().Sum(k => k.Value.GetInt32());
    }
}
