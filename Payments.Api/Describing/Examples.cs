using Payments.Api.Paging;

namespace Payments.Api.Describing;

/// <summary>What the examples of all features have in common, so that they tell one story.</summary>
internal static class Examples
{
    public const string TraceId = "0af7651916cd43dd8448eb211c80319c";

    public static Guid PaymentId { get; } = new("019cae5c-2d40-7a31-9f0e-3b1f0c7a5d10");

    public static Guid TransferId { get; } = new("019cae5c-3f18-7c02-8a44-0d6e2b9f7c21");

    public static Guid RefundId { get; } = new("019cae5d-11a8-7b6c-a3d2-5e8f40c1b932");

    public static Guid ReportId { get; } = new("019cae60-9c50-70d4-b1a7-62c8e3f5d043");

    public static Guid ExceptionId { get; } = new("019cae60-a2f4-7c31-8d09-5be6147f3a82");

    public static Guid KeyId { get; } = new("019ca8f1-7e20-7d95-8c36-91b7a4e2f654");

    /// <summary>So many seconds after the story's beginning.</summary>
    public static DateTimeOffset At(double seconds) =>
        new DateTimeOffset(2026, 3, 2, 9, 30, 0, TimeSpan.Zero).AddSeconds(seconds);

    /// <summary>A page of a list that has one item.</summary>
    public static ListAnswer<T> ListOf<T>(string url, T item) => new("list", [item], HasMore: false, url);
}
