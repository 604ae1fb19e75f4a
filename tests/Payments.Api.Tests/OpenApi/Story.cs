using System.Text;
using Payments.Testing.OpenApi;

namespace Payments.Api.Tests.OpenApi;

/// <summary>What there is in the database of a walk over all operations, and how to ask each of them for it.</summary>
internal sealed record Story(
    Guid Settled, Guid Refund, Guid Waiting, Guid Dead, Guid Transfer, string TransferKey, Guid OpenTransfer,
    string ProcessingKey)
{
    /// <summary>A request that succeeds.</summary>
    public Wanted RequestOf(ApiOperation operation)
    {
        var address = operation.Id switch
        {
            "CancelPayment" => $"/payments/{Waiting}/cancel",
            "CancelTransaction" => $"/api/v1/transactions/{OpenTransfer}/cancel",
            "GetRefund" => $"/refunds/{Refund}",
            "GetRefundOfPayment" => $"/payments/{Settled}/refunds/{Refund}",
            "RedriveDeadLetter" => $"/api/v1/queue/dead-letters/{Dead}/redrive",
            "GetTransactionStatus" => $"/api/v1/transactions/status/{TransferKey}",
            "DescribeProblem" => "/problems/not-found",
            _ => operation.Path
                .Replace("{accountId}", "ACC-001", StringComparison.Ordinal)
                .Replace("{id}", $"{(operation.Path.Contains("transactions", StringComparison.Ordinal)
                    ? Transfer
                    : Settled)}", StringComparison.Ordinal),
        };
        return new Wanted(address, BodyOf(operation), KeyOf(operation));
    }

    /// <summary>Requests for the answers that not every operation has.</summary>
    public IEnumerable<Wanted> OthersOf(ApiOperation operation)
    {
        var good = RequestOf(operation);
        return operation.Id switch
        {
            "CreatePayment" =>
                [good with { Body = """{"accountId":"A","amount":1.001}""", Key = PaymentRequests.NewKey() }],
            "CreateTransaction" =>
            [
                good,
                good,
                good with { Body = TransferOf("ACC-001", "ACC-001", PaymentRequests.NewKey()) },
            ],
            "OpenAccount" or "OpenAccountV1" =>
            [
                good with { Body = $$"""{"accountId":"ACC-{{operation.Id}}","minimumBalance":1}""" },
                good with { Body = $$"""{"accountId":"ACC-{{operation.Id}}","minimumBalance":2}""" },
                good with { Body = """{"accountId":"ACC-003","currency":"ABC"}""" },
            ],
            "CancelPayment" or "CancelTransaction" =>
            [
                good with { Address = Of(Settled, Transfer), Key = PaymentRequests.NewKey() },
                good,
                good with { Address = Of(Settled, Transfer) },
            ],
            "CreateRefund" or "RefundTransaction" =>
            [
                good with { Address = Of(Waiting, OpenTransfer), Body = "{}", Key = PaymentRequests.NewKey() },
                good with { Body = """{"amount":-1}""", Key = PaymentRequests.NewKey() },
            ],
            "GetTransactionStatus" =>
            [
                good with { IfNoneMatch = "*" },
                good with { Address = $"/api/v1/transactions/status/{ProcessingKey}" },
                good with { Address = $"/api/v1/transactions/status/{ProcessingKey}x" },
            ],
            "PauseQueue" or "ResumeQueue" =>
            [
                good with { Body = """{"workerId":"nobody"}""" },
                good with { Body = """{"workerId":""}""" },
            ],
            "ReconcileAccount" => [good with { Body = """{"from":"yesterday"}""" }],
            "ListAccountEntries" or "ListAccountEntriesV1" or "GetStatement" or "GetStatementV1"
                or "ListAccountTrail" =>
                [good with { Address = operation.Path.Replace("{accountId}", "clearing", StringComparison.Ordinal) }],
            _ => [],
        };

        string Of(Guid payment, Guid transfer) => operation.Path.Replace(
            "{id}",
            $"{(operation.Path.Contains("transactions", StringComparison.Ordinal) ? transfer : payment)}",
            StringComparison.Ordinal);
    }

    public static string TransferOf(string source, string destination, string key) => $$$"""
        {"transaction":{"source_account_id":"{{{source}}}","destination_account_id":"{{{destination}}}","amount":1},
        "idempotencyKey":"{{{key}}}"}
        """;

    private static string? BodyOf(ApiOperation operation) => operation.Id switch
    {
        "CreatePayment" => """{"accountId":"ACC-001","amount":1}""",
        "CreateTransaction" => TransferOf("ACC-001", "ACC-002", PaymentRequests.NewKey()),
        "OpenAccount" or "OpenAccountV1" => """{"accountId":"ACC-002"}""",
        "CreateRefund" => """{"amount":1}""",
        "RefundTransaction" => """{"amount":1}""",
        _ => operation.Description.TryGetProperty("requestBody", out _) ? "{}" : null,
    };

    private static string? KeyOf(ApiOperation operation) =>
        operation.Parameters.Any(parameter =>
            parameter.GetProperty("name").GetString() == "Idempotency-Key"
            && operation.Id != "CreateTransaction")
            ? PaymentRequests.NewKey()
            : null;
}

/// <summary>Requests that need a key of their own.</summary>
internal static class KeyedRequests
{
    public static Task<HttpResponseMessage> PostWithKeyAsync(this HttpClient client, string address, string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Idempotency-Key", PaymentRequests.NewKey());
        return client.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
