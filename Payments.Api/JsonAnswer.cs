using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Payments.Api.AccountReconciliations;
using Payments.Api.Accounts;
using Payments.Api.Audit;
using Payments.Api.Cache;
using Payments.Api.Conversions;
using Payments.Api.Deposits;
using Payments.Api.Keys;
using Payments.Api.Paging;
using Payments.Api.Payments;
using Payments.Api.Providers;
using Payments.Api.Queue;
using Payments.Api.Readiness;
using Payments.Api.Reconciliation;
using Payments.Api.Reconciliation.Adjustments;
using Payments.Api.Reconciliation.Exceptions;
using Payments.Api.Refunds;
using Payments.Api.Transfers;
using Payments.Api.Webhooks;
using Payments.Api.Withdrawals;

namespace Payments.Api;

/// <summary>Every answer's serialisation, generated at build time.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    Converters = [typeof(UtcTime)])]
[JsonSerializable(typeof(ProblemBody))]
[JsonSerializable(typeof(PaymentAnswer))]
[JsonSerializable(typeof(PaymentDetails))]
[JsonSerializable(typeof(ListAnswer<PaymentAnswer>))]
[JsonSerializable(typeof(AcceptedAnswer))]
[JsonSerializable(typeof(TransferStatusAnswer))]
[JsonSerializable(typeof(TransactionAnswer))]
[JsonSerializable(typeof(TransactionDetails))]
[JsonSerializable(typeof(VerificationAnswer))]
[JsonSerializable(typeof(RefundAnswer))]
[JsonSerializable(typeof(ListAnswer<RefundAnswer>))]
[JsonSerializable(typeof(DepositAnswer))]
[JsonSerializable(typeof(ListAnswer<DepositAnswer>))]
[JsonSerializable(typeof(ConversionAnswer))]
[JsonSerializable(typeof(ListAnswer<ConversionAnswer>))]
[JsonSerializable(typeof(WithdrawalAnswer))]
[JsonSerializable(typeof(ListAnswer<WithdrawalAnswer>))]
[JsonSerializable(typeof(AccountAnswer))]
[JsonSerializable(typeof(ListAnswer<AccountAnswer>))]
[JsonSerializable(typeof(BalanceAnswer))]
[JsonSerializable(typeof(ListAnswer<AccountEntryAnswer>))]
[JsonSerializable(typeof(StatementAnswer))]
[JsonSerializable(typeof(QueueStatsAnswer))]
[JsonSerializable(typeof(QueueControlAnswer))]
[JsonSerializable(typeof(ListAnswer<DeadLetterAnswer>))]
[JsonSerializable(typeof(ListAnswer<RedriveAnswer>))]
[JsonSerializable(typeof(RedrivenAnswer))]
[JsonSerializable(typeof(CacheStatsAnswer))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(ReadyAnswer))]
[JsonSerializable(typeof(ReconciliationDifferenceAnswer))]
[JsonSerializable(typeof(ListAnswer<ReconciliationReportAnswer>))]
[JsonSerializable(typeof(ListAnswer<ReportAnswer>))]
[JsonSerializable(typeof(ReportDetails))]
[JsonSerializable(typeof(ListAnswer<CheckAnswer>))]
[JsonSerializable(typeof(CheckTrendAnswer))]
[JsonSerializable(typeof(RunAcceptedAnswer))]
[JsonSerializable(typeof(ExceptionAnswer))]
[JsonSerializable(typeof(ExceptionDetails))]
[JsonSerializable(typeof(ListAnswer<ExceptionAnswer>))]
[JsonSerializable(typeof(BulkAnswer))]
[JsonSerializable(typeof(AdjustmentAnswer))]
[JsonSerializable(typeof(ListAnswer<AdjustmentAnswer>))]
[JsonSerializable(typeof(ListAnswer<AuditEventAnswer>))]
[JsonSerializable(typeof(ListAnswer<TrailItem>))]
[JsonSerializable(typeof(TrailPayment))]
[JsonSerializable(typeof(TrailEntry))]
[JsonSerializable(typeof(AuditVerificationAnswer))]
[JsonSerializable(typeof(KeyAnswer))]
[JsonSerializable(typeof(ListAnswer<ProviderBalanceAnswer>))]
[JsonSerializable(typeof(WebhookTargetAnswer))]
[JsonSerializable(typeof(ListAnswer<WebhookTargetAnswer>))]
[JsonSerializable(typeof(WebhookDeliveryAnswer))]
[JsonSerializable(typeof(ListAnswer<WebhookDeliveryAnswer>))]
[JsonSerializable(typeof(WebhookDeliveryDetails))]
[JsonSerializable(typeof(WebhookReplayAnswer))]
[JsonSerializable(typeof(SortedDictionary<string, string>))]
internal sealed partial class ApiJson : JsonSerializerContext;

/// <summary>Times as ISO 8601 in UTC with a Z, to the microsecond that the database keeps.</summary>
internal sealed class UtcTime : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime);
}

/// <summary>An answer whose length is known before it is sent, so that it is not cut into chunks.</summary>
internal sealed class JsonAnswer<T>(T value, JsonTypeInfo<T> type) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext) => JsonAnswer.WriteAsync(httpContext, value, type);
}

internal static class JsonAnswer
{
    private const int BufferSize = 1024;
    private const int LargestKeptBuffer = 64 * 1024;

    // Answers are small and written many thousand times a second: each thread keeps one buffer and one writer.
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    public static JsonAnswer<T> Of<T>(T value, JsonTypeInfo<T> type) => new(value, type);

    public static Task WriteAsync<T>(
        HttpContext context, T value, JsonTypeInfo<T> type, string contentType = "application/json; charset=utf-8")
    {
        var buffer = _buffer ??= new ArrayBufferWriter<byte>(BufferSize);
        var writer = _writer ??= new Utf8JsonWriter(buffer);
        buffer.ResetWrittenCount();
        writer.Reset(buffer);
        JsonSerializer.Serialize(writer, value, type);

        var response = context.Response;
        response.ContentType = contentType;
        response.ContentLength = buffer.WrittenCount;
        response.BodyWriter.Write(buffer.WrittenSpan);
        if (buffer.Capacity > LargestKeptBuffer)
        {
            _buffer = null;
            _writer = null;
        }

        return response.BodyWriter.FlushAsync(context.RequestAborted).GetAsTask();
    }

    private static Task GetAsTask(this ValueTask<System.IO.Pipelines.FlushResult> flush)
    {
        if (!flush.IsCompletedSuccessfully)
        {
            return flush.AsTask();
        }

        _ = flush.Result;
        return Task.CompletedTask;
    }
}
