using System.Net.Sockets;
using System.Text.Json;
using Npgsql;
using Payments.Api.Validation.Checks;

namespace Payments.Api.Validation;

/// <summary>
/// The seven end-to-end checks of a running system: makes a payment and follows it through the API, the database, the
/// queue, the worker and the ledger. The first check that fails ends the run.
/// </summary>
internal sealed class ValidateSystem(
    HttpClient http, NpgsqlDataSource database, ValidationOptions options, TimeProvider clock, TextWriter output)
{
    private const string Passed = "✅";

    private const string Failed = "❌";

    private const string NotReached = "–";

    /// <param name="run">Unique for ever; names the run's account and idempotency key.</param>
    /// <returns>Whether every check passed.</returns>
    public async Task<bool> RunAsync(Guid run, CancellationToken cancel)
    {
        var payment = new TrialPayment(run);
        var api = new ApiClient(http);
        ICheck[] checks =
        [
            new PaymentCreation(api),
            new DatabasePersistence(database, options),
            new JobQueue(database),
            new WorkerProcessing(api, database, options, clock),
            new LedgerUpdates(database),
            new BalanceEndpoint(api, database),
            new IdempotentReplay(api, database),
        ];

        await output.WriteLineAsync($"Validating the system behind {options.Api.GetLeftPart(UriPartial.Authority)}");
        var passed = 0;
        foreach (var check in checks)
        {
            await output.WriteLineAsync($"\n{passed + 1}. {check.Step}");
            if (!await PassesAsync(check, payment, cancel))
            {
                break;
            }

            passed++;
        }

        await SummariseAsync(checks, passed);
        return passed == checks.Length;
    }

    private async Task<bool> PassesAsync(ICheck check, TrialPayment payment, CancellationToken cancel)
    {
        switch (await FindAsync(check, payment, cancel))
        {
            case Finding.Failed failed:
                await output.WriteLineAsync($"   {Failed} {failed.Why}");
                await output.WriteLineAsync($"      expected: {failed.Expected}");
                await output.WriteLineAsync($"      found:    {failed.Found}");
                return false;
            case Finding.Passed passed:
                await output.WriteLineAsync($"   {Passed} {passed.Evidence}");
                return true;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private async Task SummariseAsync(ICheck[] checks, int passed)
    {
        await output.WriteLineAsync(passed == checks.Length
            ? $"\n{Passed} ALL VALIDATION CHECKS PASSED\n"
            : $"\n{Failed} VALIDATION CHECK FAILED: {checks[passed].Name}\n");
        await output.WriteLineAsync("Summary:");
        for (var i = 0; i < checks.Length; i++)
        {
            var mark = i < passed ? Passed : i == passed ? Failed : NotReached;
            await output.WriteLineAsync($"  • {checks[i].Name}: {mark}");
        }
    }

    private async Task<Finding> FindAsync(ICheck check, TrialPayment payment, CancellationToken cancel)
    {
        try
        {
            return await check.RunAsync(payment, cancel);
        }
        catch (HttpRequestException e)
        {
            return new Finding.Failed(
                $"an answer from {options.Api}", e.Message,
                "The API cannot be reached: start the system (dotnet run --project Payments.AppHost), "
                + "or say where it is by Validate:Api.");
        }
        catch (TaskCanceledException e) when (e.InnerException is TimeoutException)
        {
            return new Finding.Failed(
                $"an answer from {options.Api}", $"none within {http.Timeout.TotalSeconds} seconds",
                "The API accepts connections and does not answer: see its log.");
        }
        catch (JsonException e)
        {
            return new Finding.Failed(
                $"JSON from {options.Api}", e.Message, "Something else than the API answers at this address.");
        }
        catch (PostgresException e)
        {
            return new Finding.Failed(
                "rows of the payments database", $"{e.MessageText} (SQLSTATE {e.SqlState})",
                "The database refuses: see that ConnectionStrings:payments names the API's database and its role.");
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or TimeoutException)
        {
            return new Finding.Failed(
                "a connection to the payments database", e.Message,
                "The database cannot be reached: see that it runs and what ConnectionStrings:payments says.");
        }
    }
}
