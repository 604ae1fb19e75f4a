using Payments.Bench.Running;

namespace Payments.Bench.Documents;

/// <summary>The documents' workers as processes of their own.</summary>
internal sealed class DocumentsPrograms(IReadOnlyList<ChildProcess> workers) : IAsyncDisposable
{
    public IReadOnlyList<ChildProcess> Workers => workers;

    public static async Task<DocumentsPrograms> StartWorkersAsync(
        int count, BenchDatabase database, CancellationToken cancel)
    {
        var program = typeof(DocumentsPrograms).Assembly.Location;
        var workers = Enumerable.Range(0, count).Select(_ => ChildProcess.Start(
            "documents' worker",
            "dotnet",
            ["exec", program, DocumentsWorker.Command, database.ConnectionString],
            new Dictionary<string, string>(StringComparer.Ordinal))).ToList();
        var programs = new DocumentsPrograms(workers);
        try
        {
            foreach (var worker in workers)
            {
                await worker.ReadLineAsync(cancel);
            }

            return programs;
        }
        catch
        {
            await programs.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync() =>
        await Task.WhenAll(workers.Select(worker => worker.DisposeAsync().AsTask()));
}
