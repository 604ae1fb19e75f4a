using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Payments.Api.Payments;
using Payments.Ledger;

namespace Payments.Api.Tests.Payments;

public sealed class RoundTripTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, 1)]
    [InlineData(800, 0)]
    [InlineData(400, 400)]
    public async Task A_batch_is_committed_in_one_round_trip_however_many_payments_and_transfers_it_holds(
        int payments, int transfers)
    {
        await using var commit = new CommitPayments(
            database.App,
            Options.Create(new IntakeOptions()),
            TimeProvider.System,
            NullLogger<CommitPayments>.Instance);
        await commit.ExecuteAsync(NewItems(payments, transfers));
        var items = NewItems(payments, transfers);

        var trips = await RoundTrips.OfAsync(() => commit.ExecuteAsync(items));

        Assert.Equal(1, trips);
        Assert.All(items, item => Assert.Same(IntakeResult.Created, item.Result.Result));
    }

    private static List<IntakeItem> NewItems(int payments, int transfers) =>
    [
        .. Enumerable.Range(0, payments).Select(_ => new IntakeItem(NewPayment())),
        .. Enumerable.Range(0, transfers)
            .Select(i => new IntakeItem(NewPayment() with { PayerAccount = $"ACC-FROM-{i % 10}" })),
    ];

    private static NewPayment NewPayment()
    {
        var id = Guid.CreateVersion7();
        return new NewPayment(
            id,
            OwnerId: 1,
            IdempotencyKey: id.ToString(),
            Fingerprint: new byte[32],
            PayeeAccount: "ACC-1",
            Amount: new Money(100, Currency.Get("USD")),
            Description: null,
            CreatedAt: TimeProvider.System.GetUtcNow(),
            TraceId: null,
            Traceparent: null);
    }
}
