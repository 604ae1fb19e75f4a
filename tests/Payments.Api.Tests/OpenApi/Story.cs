using System.Text;
using Payments.Testing.OpenApi;

namespace Payments.Api.Tests.OpenApi;

/// <summary>What there is in the database of a walk over all operations, and how to ask each of them for it.</summary>
internal sealed record Story(
    Guid Settled, Guid Refund, Guid Waiting, Guid Dead, Guid Transfer, string TransferKey, Guid OpenTransfer,
    string ProcessingKey, FlowStory Flows, WebhookStory Webhooks, DeskStory Desk)
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
            "GetDeposit" => $"/api/v1/deposits/{Flows.CompletedDeposit}",
            "GetConversion" => $"/api/v1/conversions/{Flows.Conversion}",
            "GetWithdrawal" => $"/api/v1/withdrawals/{Flows.CompletedWithdrawal}",
            "CompleteDeposit" => $"/api/v1/deposits/{Flows.CompletedDeposit}/complete",
            "CompleteWithdrawal" => $"/api/v1/withdrawals/{Flows.CompletedWithdrawal}/complete",
            "FailDeposit" => $"/api/v1/deposits/{Flows.FailedDeposit}/fail",
            "FailWithdrawal" => $"/api/v1/withdrawals/{Flows.FailedWithdrawal}/fail",
            _ => operation.Path
                .Replace("{accountId}", "ACC-001", StringComparison.Ordinal)
                .Replace("{checkType}", "deposits", StringComparison.Ordinal)
                .Replace("{id}", $"{IdOf(operation)}", StringComparison.Ordinal),
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
                good with
                {
                    Body = $$"""{"accountId":"ACC-{{operation.Id}}","minimumBalance":2}""",
                    Key = PaymentRequests.NewKey(),
                },
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
            _ =>
            [
                .. OthersOfFlow(operation, good), .. Webhooks.OthersOf(operation, good),
                .. Desk.OthersOf(operation, good),
            ],
        };

        string Of(Guid payment, Guid transfer) => operation.Path.Replace(
            "{id}",
            $"{(operation.Path.Contains("transactions", StringComparison.Ordinal) ? transfer : payment)}",
            StringComparison.Ordinal);
    }

    private Guid IdOf(ApiOperation operation) =>
        operation.Path.Contains("/transactions/", StringComparison.Ordinal) ? Transfer
        : operation.Path.Contains("/webhooks/", StringComparison.Ordinal) ? Webhooks.IdOf(operation)
        : operation.Path.StartsWith(Reconciliation.Desk.Root, StringComparison.Ordinal) ? Desk.IdOf(operation)
        : Settled;

    private Wanted[] OthersOfFlow(ApiOperation operation, Wanted good) =>
        operation.Id switch
        {
            "CreateDeposit" or "CreateConversion" or "CreateWithdrawal" =>
            [
                good with { Body = FlowOf(operation, "ACC-001", 1, "once"), Key = PaymentRequests.NewKey() },
                good with { Body = FlowOf(operation, "ACC-001", 1, "once"), Key = PaymentRequests.NewKey() },
                good with { Body = FlowOf(operation, "ACC-001", -1, "never"), Key = PaymentRequests.NewKey() },
                good with { Body = FlowOf(operation, "NOBODY", 1, "nobody"), Key = PaymentRequests.NewKey() },
            ],
            "CompleteDeposit" => [good with { Address = $"/api/v1/deposits/{Flows.FailedDeposit}/complete" }],
            "CompleteWithdrawal" =>
                [good with { Address = $"/api/v1/withdrawals/{Flows.FailedWithdrawal}/complete" }],
            "FailDeposit" =>
            [
                good with { Address = $"/api/v1/deposits/{Flows.CompletedDeposit}/fail" },
                good with { Body = """{"reason":""}""" },
            ],
            "FailWithdrawal" =>
            [
                good with { Address = $"/api/v1/withdrawals/{Flows.CompletedWithdrawal}/fail" },
                good with { Body = """{"reason":""}""" },
            ],
            _ => [],
        };

    public static string TransferOf(string source, string destination, string key) => $$$"""
        {"transaction":{"source_account_id":"{{{source}}}","destination_account_id":"{{{destination}}}","amount":1},
        "idempotencyKey":"{{{key}}}"}
        """;

    private static string FlowOf(ApiOperation operation, string account, int amount, string reference)
    {
        var member = operation.Id == "CreateConversion" ? "usdcAmount" : "amount";
        return $$"""{"accountId":"{{account}}","{{member}}":{{amount}},"reference":"{{reference}}"}""";
    }

    private static string? BodyOf(ApiOperation operation) => operation.Id switch
    {
        "CreatePayment" => """{"accountId":"ACC-001","amount":1}""",
        "CreateTransaction" => TransferOf("ACC-001", "ACC-002", PaymentRequests.NewKey()),
        "OpenAccount" or "OpenAccountV1" => """{"accountId":"ACC-002"}""",
        "CreateDeposit" or "CreateConversion" or "CreateWithdrawal" =>
            FlowOf(operation, "ACC-001", 1, PaymentRequests.NewKey()),
        "FailDeposit" or "FailWithdrawal" => """{"reason":"late"}""",
        "CreateRefund" => """{"amount":1}""",
        "RefundTransaction" => """{"amount":1}""",
        _ => WebhookStory.BodyOf(operation) ?? DeskStory.BodyOf(operation)
            ?? (operation.Description.TryGetProperty("requestBody", out _) ? "{}" : null),
    };

    private static string? KeyOf(ApiOperation operation) =>
        operation.Parameters.Any(parameter =>
            parameter.GetProperty("name").GetString() == "Idempotency-Key"
            && operation.Id != "CreateTransaction")
            ? PaymentRequests.NewKey()
            : null;
}

/// <summary>Flows that ended, in each way.</summary>
internal sealed record FlowStory(
    Guid CompletedDeposit, Guid FailedDeposit, Guid Conversion, Guid CompletedWithdrawal, Guid FailedWithdrawal)
{
    /// <summary>Records them for ACC-001, which has the money.</summary>
    public static async Task<FlowStory> TellAsync(HttpClient client)
    {
        var (arrived, lost) = (await MakeAsync("deposits", "amount"), await MakeAsync("deposits", "amount"));
        await EndAsync($"deposits/{arrived}/complete", "");
        await EndAsync($"deposits/{lost}/fail", """{"reason":"lost"}""");
        var conversion = await MakeAsync("conversions", "usdcAmount");
        var (paid, refused) = (await MakeAsync("withdrawals", "amount"), await MakeAsync("withdrawals", "amount"));
        await EndAsync($"withdrawals/{paid}/complete", "");
        await EndAsync($"withdrawals/{refused}/fail", """{"reason":"refused"}""");
        return new FlowStory(arrived, lost, conversion, paid, refused);

        async Task<Guid> MakeAsync(string kind, string member)
        {
            using var made = await client.PostWithKeyAsync(
                $"/api/v1/{kind}", $$"""{"accountId":"ACC-001","{{member}}":5}""");
            Assert.Equal(201, (int)made.StatusCode);
            return (await made.ReadAsync()).GetProperty("id").GetGuid();
        }

        async Task EndAsync(string end, string body)
        {
            using var ended = await client.PostJsonAsync($"/api/v1/{end}", body);
            Assert.Equal(200, (int)ended.StatusCode);
        }
    }
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
