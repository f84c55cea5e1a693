using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Quickstart;

/// <summary>
/// Reads the body of a request. A body that it cannot read ends in a <see cref="BadHttpRequestException"/> that says
/// why.
/// </summary>
internal static class RequestBody
{
    // JSON may have 64 levels, and a job's message wraps its arguments in two of them.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 60 };

    private static readonly UTF8Encoding StrictUtf8 = new(
        encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    extension(HttpRequest request)
    {
        public bool IsCsv => MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && type.MediaType is { } name
            && (name.Equals("text/csv", StringComparison.OrdinalIgnoreCase)
                || name.Equals("application/csv", StringComparison.OrdinalIgnoreCase));

        /// <summary>The body as JSON; Undefined when there is none.</summary>
        public async Task<JsonElement> ReadJsonAsync(CancellationToken cancellationToken)
        {
            using var body = await request.ReadAllAsync(cancellationToken);
            if (body.Length == 0)
            {
                return default;
            }

            if (!request.HasJsonContentType())
            {
                throw new BadHttpRequestException(
                    $"The content type is '{request.ContentType}'; application/json is expected.",
                    StatusCodes.Status415UnsupportedMediaType);
            }

            _ = Decode(body);
            try
            {
                using var json = await JsonDocument.ParseAsync(body, Strict, cancellationToken);
                CheckText(json.RootElement);
                return json.RootElement.Clone();
            }
            catch (JsonException cause)
            {
                throw new BadHttpRequestException($"The body is not valid JSON: {cause.Message}", cause);
            }
        }

        /// <summary>The body as text.</summary>
        public async Task<string> ReadTextAsync(CancellationToken cancellationToken)
        {
            using var body = await request.ReadAllAsync(cancellationToken);
            var text = Decode(body);
            return text.Contains('\0', StringComparison.Ordinal)
                ? throw new BadHttpRequestException("The body is no text in UTF-8: it holds a NUL.")
                : text;
        }

        private async Task<MemoryStream> ReadAllAsync(CancellationToken cancellationToken)
        {
            var body = new MemoryStream();
            await request.Body.CopyToAsync(body, cancellationToken);
            body.Position = 0;
            return body;
        }
    }

    private static string Decode(MemoryStream body)
    {
        try
        {
            return StrictUtf8.GetString(body.GetBuffer().AsSpan(0, (int)body.Length));
        }
        catch (DecoderFallbackException cause)
        {
            throw new BadHttpRequestException("The body is not valid UTF-8.", cause);
        }
    }

    /// <summary>Refuses half of a surrogate pair, which is valid JSON but no text that a storage could keep.</summary>
    private static void CheckText(JsonElement json)
    {
        try
        {
            switch (json.ValueKind)
            {
                case JsonValueKind.String:
                    _ = json.GetString();
                    break;
                case JsonValueKind.Array:
                    foreach (var element in json.EnumerateArray())
                    {
                        CheckText(element);
                    }

                    break;
                case JsonValueKind.Object:
                    foreach (var property in json.EnumerateObject())
                    {
                        _ = property.Name;
                        CheckText(property.Value);
                    }

                    break;
            }
        }
        catch (InvalidOperationException cause)
        {
            throw new JsonException("a text holds half of a surrogate pair.", cause);
        }
    }
}
