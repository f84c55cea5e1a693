using System.Text;
using System.Text.Json;
using Lovage.Protocol;

namespace Lovage.Tests.Protocol;

public sealed class CeleryResultTests
{
    private static readonly string[] Refused = ["no_result", "no_status", "no_task_id"];

    public static TheoryData<string> CapturedNames => [.. Vectors.Results().Select(v => v.Name)];

    public static TheoryData<string> HandmadeNames => [.. Vectors.Files("handmade-results")];

    [Fact]
    public void Vectors_OfBothVersions_AreAllHere()
    {
        Assert.Equal(87, Vectors.Files("results-redis").Count());
        Assert.Equal(68, Vectors.Files("handmade-results").Count());
        Assert.Equal(290, Vectors.Results().Count);
    }

    [Theory]
    [MemberData(nameof(CapturedNames))]
    public void Decode_CapturedRecord_IsWrittenAgainTheSame(string name) => RoundTrips(Vectors.Result(name));

    [Theory]
    [MemberData(nameof(HandmadeNames))]
    public void Decode_HandmadeRecord_DoesWhatPythonsClientDidOrBetter(string file)
    {
        var vector = Vectors.Read(file);
        var record = Encoding.UTF8.GetBytes(vector.GetProperty("stored_json").GetRawText());
        if (Refused.Contains(vector.GetProperty("case").GetString()))
        {
            // Python's client raises KeyError.
            Assert.Contains("KeyError", vector.GetProperty("python_client_get").GetString(), StringComparison.Ordinal);
            Assert.NotNull(Assert.Throws<MalformedMessageException>(() => CeleryResult.Decode(record)).Path);
            return;
        }

        RoundTrips(record);
    }

    [Theory]
    [InlineData("handmade-results/5.6.3/fail_result_string.json")]
    [InlineData("handmade-results/5.6.3/fail_result_null.json")]
    [InlineData("handmade-results/5.6.3/fail_no_type.json")]
    public void Decode_FailureWithoutAnExceptionObject_IsDataWithoutError(string file)
    {
        var result = CeleryResult.Decode(
            Encoding.UTF8.GetBytes(Vectors.Read(file).GetProperty("stored_json").GetRawText()));

        Assert.Equal(JobState.Failed, result.State);
        Assert.Null(result.Error);
        Assert.False(result.Result.IsEmpty);
    }

    [Fact]
    public void Decode_ExceptionNamingAFunction_IsText()
    {
        var file = Vectors.Read("handmade-results/5.6.3/fail_not_exception.json");

        var error = CeleryResult.Decode(Encoding.UTF8.GetBytes(file.GetProperty("stored_json").GetRawText())).Error!;

        Assert.Equal(("system", "os", "echo"), (error.Type, error.Module, error.Message));
        Assert.Equal("os.system", error.ToJobError(null).Type);
    }

    [Theory]
    [InlineData("System.Net.Sockets.SocketException", "SocketException", "System.Net.Sockets")]
    [InlineData("Shop.Orders+RefusedException", "Orders.RefusedException", "Shop")]
    [InlineData("Shop.Wrapped`1[[System.Int32, System.Private.CoreLib]]", "Wrapped", "Shop")]
    [InlineData("ValueError", "ValueError", null)]
    public void From_DotNetException_SplitsNamespaceFromType(string full, string type, string? module)
    {
        var error = CeleryError.From(new JobError(full, "say \"no\"", null));

        Assert.Equal((type, module), (error.Type, error.Module));
        Assert.Equal("say \"no\"", error.Message);
    }

    [Fact]
    public void State_RevokedAsExpired_IsExpired()
    {
        var revoked = new CeleryResult
        {
            Id = JobId.Parse("a"),
            Status = "REVOKED",
            Error = CeleryError.Of("TaskRevokedError", "celery.exceptions", "expired"),
        };

        Assert.Equal(JobState.Expired, CeleryResult.Decode(revoked.Encode()).State);
        Assert.Equal(
            JobState.Cancelled,
            (revoked with { Error = CeleryError.Of("TaskRevokedError", "celery.exceptions", "terminated") }).State);
    }

    private static void RoundTrips(byte[] record)
    {
        var captured = Vectors.Json(record);
        var result = CeleryResult.Decode(record);

        Assert.Equal(captured.GetProperty("status").GetString(), result.Status);
        Assert.Equal(captured.GetProperty("task_id").GetString(), result.Id.Value);
        Assert.True(JsonElement.DeepEquals(captured.GetProperty("result"), Vectors.Json(result.Result)));
        if (result.Status is "FAILURE" or "REVOKED" or "RETRY"
            && captured.GetProperty("result") is { ValueKind: JsonValueKind.Object } error
            && error.TryGetProperty("exc_type", out var type))
        {
            Assert.Equal(type.GetString(), result.Error!.Type);
            Assert.NotNull(result.Error.Message);
        }

        var written = Vectors.Json(result.Encode());
        foreach (var field in captured.EnumerateObject())
        {
            var value = written.GetProperty(field.Name);
            if (field.Name == "date_done" && field.Value.GetString() is { } text)
            {
                Assert.Equal(
                    Micros(DateTimeOffset.Parse(text, null, System.Globalization.DateTimeStyles.AssumeUniversal)),
                    Micros(value.GetDateTimeOffset()));
            }
            else if (field.Name == "result"
                && result.Error is { Module: null }
                && !field.Value.TryGetProperty("exc_module", out _))
            {
                Assert.Equal(JsonValueKind.Null, value.GetProperty("exc_module").ValueKind);
            }
            else
            {
                Assert.True(JsonElement.DeepEquals(field.Value, value), field.Name);
            }
        }

        Assert.Equal(result.State, CeleryResult.Decode(result.Encode()).State);
    }

    private static long Micros(DateTimeOffset time) => time.UtcTicks / 10;
}
