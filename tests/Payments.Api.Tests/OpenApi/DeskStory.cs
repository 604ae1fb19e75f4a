using Payments.Api.Tests.Reconciliation;
using Payments.Testing.OpenApi;

namespace Payments.Api.Tests.OpenApi;

/// <summary>A run, exceptions in every state, and corrections that somebody else proposed.</summary>
/// <param name="Resolved">Exceptions that are over.</param>
/// <param name="Correctable">Exceptions that a second person would have to correct.</param>
/// <param name="Proposed">Corrections that wait.</param>
/// <param name="Posted">Corrections that can be undone.</param>
internal sealed record DeskStory(
    Guid Report, Guid Open, Guid Resolvable, IReadOnlyList<Guid> Resolved, IReadOnlyList<Guid> Correctable,
    IReadOnlyList<Guid> Proposed, IReadOnlyList<Guid> Posted, Guid Rejected)
{
    private const string Reason = """{"reason":"The remainder is ours."}""";

    public static async Task<DeskStory> TellAsync(ApiFixture fixture, HttpClient client)
    {
        await TestKeys.AddAsync(fixture.Database, "proposer", "key-of-the-proposer", ["reconciliation:admin"]);
        using var proposer = fixture.Api.CreateClient("key-of-the-proposer");
        var report = await client.DoAsync("/run");
        var resolved = new List<Guid>();
        for (var i = 0; i < 2; i++)
        {
            resolved.Add(await PlantAsync(10_000_000));
            await proposer.DoAsync($"/exceptions/{resolved[i]}/resolve");
        }

        var proposed = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            proposed.Add(await CorrectAsync(await PlantAsync(7_000_000)));
        }

        await proposer.DoAsync($"/adjustments/{proposed[^1]}/reject");
        return new DeskStory(
            report.GetProperty("report_id").GetGuid(), await PlantAsync(10_000_000), await PlantAsync(10_000_000),
            resolved,
            [await PlantAsync(7_000_000), await PlantAsync(7_000_000)], proposed[..^1],
            [await CorrectAsync(await PlantAsync(10_000_000)), await CorrectAsync(await PlantAsync(10_000_000))],
            proposed[^1]);

        async Task<Guid> PlantAsync(long posted) =>
            (await fixture.Database.PlantDepositAsync("ACC-DESK", 10_400_000, posted)).Exception;

        async Task<Guid> CorrectAsync(Guid exception) =>
            (await proposer.DoAsync($"/exceptions/{exception}/adjustments", Reason)).GetProperty("id").GetGuid();
    }

    /// <summary>What the operation is about.</summary>
    public Guid IdOf(ApiOperation operation) => operation.Id switch
    {
        "GetReconciliationReport" => Report,
        "ResolveReconciliationException" => Resolvable,
        "ReopenReconciliationException" => Resolved[0],
        "ProposeAdjustment" => Correctable[0],
        "GetAdjustment" or "ApproveAdjustment" => Proposed[0],
        "RejectAdjustment" => Proposed[2],
        "UndoAdjustment" => Posted[0],
        _ => Open,
    };

    public static string? BodyOf(ApiOperation operation) => operation.Id switch
    {
        "AssignReconciliationException" => """{"assignee":"anna"}""",
        "CommentOnReconciliationException" => """{"text":"Looking into it."}""",
        "ActOnReconciliationExceptions" => """{"action":"reopen","ids":["019cae5c-0000-7000-8000-000000000000"]}""",
        "ProposeAdjustment" => Reason,
        _ => null,
    };

    public Wanted[] OthersOf(ApiOperation operation, Wanted good) => operation.Id switch
    {
        "RunReconciliation" => [good with { Body = """{"run_type":"daily"}""" }],
        "AcknowledgeReconciliationException" or "AssignReconciliationException" or "ResolveReconciliationException" =>
        [
            good with { Address = AddressOf(operation, Resolved[1]), Body = """{"notes":"Late."}""" },
            good with { Body = """{"notes":""}""" },
        ],
        "CommentOnReconciliationException" => [good with { Body = "{}" }],
        "ReopenReconciliationException" =>
        [
            good with { Address = AddressOf(operation, Resolved[1]), Body = """{"version":99}""" },
            good with { Body = """{"notes":""}""" },
        ],
        "ActOnReconciliationExceptions" => [good with { Body = """{"action":"reopen","ids":[]}""" }],
        "ProposeAdjustment" =>
        [
            good with { Address = AddressOf(operation, Correctable[1]) },
            good with { Address = AddressOf(operation, Correctable[1]), Key = PaymentRequests.NewKey() },
            good with { Address = AddressOf(operation, Resolved[1]), Key = PaymentRequests.NewKey() },
            good with { Body = "{}", Key = PaymentRequests.NewKey() },
        ],
        "ApproveAdjustment" => DecidedThenReused(operation, good, Proposed[1]),
        "RejectAdjustment" => DecidedThenReused(operation, good, Proposed[3]),
        "UndoAdjustment" => DecidedThenReused(operation, good, Posted[1]),
        _ => [],
    };

    private Wanted[] DecidedThenReused(ApiOperation operation, Wanted good, Guid open) =>
    [
        good with { Address = AddressOf(operation, open) },
        good with { Address = AddressOf(operation, Rejected) },
        good with { Address = AddressOf(operation, Rejected), Key = PaymentRequests.NewKey() },
    ];

    private static string AddressOf(ApiOperation operation, Guid id) =>
        operation.Path.Replace("{id}", $"{id}", StringComparison.Ordinal);
}
