using System.Text.Json;
using Payments.Api.Describing;

namespace Payments.Api.Audit;

/// <summary>The audit trail as the OpenAPI document shows it.</summary>
internal static class AuditExamples
{
    public static AuditEventAnswer Event { get; } = new(
        new Guid("019cae64-0b10-7e52-9d18-2f4a6c8e0b17"), Examples.At(500), "keys", KeyId: null, "key.revoked", "key",
        $"{Examples.KeyId}", "succeeded", Account: null, OtherAccount: null, Currency: null, TraceId: null,
        Sequence: 12, JsonElement.Parse("""{"owner": "shop"}"""));

    public static TrailItem Trail { get; } = new(
        "entry-42-7", Examples.At(0.184), "worker", KeyId: null, "payment.posted", "transaction",
        $"{Examples.PaymentId}", "succeeded", TraceId: null,
        JsonSerializer.SerializeToElement(
            new TrailEntry("42-7", "credit", 100.00m, 640.00m, "USD", 7), ApiJson.Default.TrailEntry));

    public static AuditVerificationAnswer Verification { get; } = new(
        Intact: true, Examples.At(1_000), Sealed: 12,
        "9f2c1ab07e54d3866b1f0c94a7e85d2310fbc67d49ae82157d06c3b95e14f8a0", Waiting: 0, Checkpoints: 1,
        CheckpointedTo: 12, Restores: 0, Damage: null);
}
