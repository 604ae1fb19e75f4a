using System.Net;

namespace Payments.Web.Forwarding;

/// <summary>A request's body on its way: each piece goes out as it comes in, however small.</summary>
internal sealed class ForwardedBody(HttpRequest incoming) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await incoming.BodyReader.ReadAsync(cancellationToken);

            foreach (var piece in read.Buffer)
            {
                await stream.WriteAsync(piece, cancellationToken);
            }

            incoming.BodyReader.AdvanceTo(read.Buffer.End);

            if (read.IsCompleted)
            {
                return;
            }

            // Without this, HttpClient keeps small pieces until its buffer is full.
            await stream.FlushAsync(cancellationToken);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = incoming.ContentLength ?? 0;
        return incoming.ContentLength is not null;
    }
}
