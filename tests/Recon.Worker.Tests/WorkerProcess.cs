using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Options;
using Npgsql;
using Payments.Ledger;
using Payments.Testing;
using Recon.Worker.Settlements;

namespace Recon.Worker.Tests;

/// <summary>The worker's own Program with its loops, on a test database.</summary>
internal sealed class WorkerProcess(TestDatabase database, params (string Name, string Value)[] settings)
    : WebApplicationFactory<SettlementLoop>
{
    /// <summary>What the program says of settings that it does not come up with.</summary>
    public static OptionsValidationException Refusal(
        TestDatabase database, params (string Name, string Value)[] settings)
    {
        // The program may have ended, with all its services, before the factory looks at them; then nobody is told why.
        const int AttemptLimit = 10;
        for (var attempt = 1; ; attempt++)
        {
            using var worker = new WorkerProcess(database, settings);
            try
            {
                worker.CreateClient().Dispose();
            }
            catch (OptionsValidationException refusal)
            {
                return refusal;
            }
            catch (ObjectDisposedException) when (attempt < AttemptLimit)
            {
                continue;
            }

            throw new InvalidOperationException("The worker came up.");
        }
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseEnvironment("Production");
        builder.UseSetting("Logging:LogLevel:Default", "Warning");
        builder.UseSetting("ConnectionStrings:payments", database.AppConnectionString);
        foreach (var (name, value) in settings)
        {
            builder.UseSetting(name, value);
        }
    }

    /// <summary>Queues a payment and wakes the workers, as the API does.</summary>
    public async Task PayAsync(QueuedPayment payment)
    {
        await database.QueueAsync(payment);
        await using var notify = database.App.CreateCommand($"NOTIFY {Database.JobsChannel}");
        await notify.ExecuteNonQueryAsync();
    }

    /// <summary>
    /// Waits until the worker says that payments were settled and this one is; throws after a minute.
    /// </summary>
    public async Task WaitUntilSettledAsync(QueuedPayment payment)
    {
        await using var connection = await database.App.OpenConnectionAsync();
        await using (var listen = new NpgsqlCommand($"LISTEN {Database.ChangesChannel}", connection))
        {
            await listen.ExecuteNonQueryAsync();
        }

        while (await database.ScalarAsync<string>("SELECT status FROM payments WHERE id = @Id", payment) == "pending")
        {
            if (!await connection.WaitAsync(TimeSpan.FromMinutes(1)))
            {
                throw new TimeoutException($"Payment {payment.Id} is still pending.");
            }
        }
    }
}
