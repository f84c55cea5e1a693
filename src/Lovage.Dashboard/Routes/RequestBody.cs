using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Lovage.Dashboard.Routes;

/// <summary>Reads the body of a request up to a bound.</summary>
internal static class RequestBody
{
    /// <exception cref="ApiException">The body is larger.</exception>
    internal static async ValueTask<ReadOnlyMemory<byte>> ReadAsync(
        HttpRequest request, long bytesMax, CancellationToken cancellationToken)
    {
        if (request.ContentLength > bytesMax)
        {
            throw TooLarge(bytesMax);
        }

        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(cancellationToken);
            if (read.Buffer.Length > bytesMax)
            {
                reader.AdvanceTo(read.Buffer.End);
                throw TooLarge(bytesMax);
            }

            if (read.IsCompleted)
            {
                var bytes = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return bytes;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static ApiException TooLarge(long bytesMax) => new(
        StatusCodes.Status413PayloadTooLarge, "The body is too large.", $"At most {bytesMax:N0} bytes are read.");
}
