namespace Payments.Api;

/// <summary>
/// One kind of refusal. Clients switch on <see cref="Code"/> or <see cref="Uri"/>, which never change, and never on
/// text.
/// </summary>
/// <param name="Code">Stable, snake_case.</param>
/// <param name="Status">The HTTP status of every problem of this type.</param>
/// <param name="Title">The same for every occurrence.</param>
/// <param name="Documentation">What it means and what the caller can do, in a few sentences.</param>
internal sealed record ProblemType(string Code, int Status, string Title, string Documentation)
{
    /// <summary>The last part of <see cref="Uri"/>.</summary>
    public string Name { get; } = Code.Replace('_', '-');

    /// <summary>
    /// Where this API documents the type; relative to the API's root, as RFC 9457 section 3.1.1 allows.
    /// </summary>
    public string Uri { get; } = "/problems/" + Code.Replace('_', '-');
}

/// <summary>Every refusal that this API knows.</summary>
internal static class ProblemTypes
{
    public static readonly ProblemType InvalidJson = new(
        "invalid_json", 400, "The body is not valid JSON",
        "The body could not be read as JSON in UTF-8. Nothing was stored; correct the body and send it again.");

    public static readonly ProblemType InvalidRequest = new(
        "invalid_request", 400, "The request has the wrong shape",
        "A member or parameter is missing, unknown, given twice or of the wrong type. 'errors' names each of them. "
        + "Nothing was stored; the same idempotency key may be used again.");

    public static readonly ProblemType InvalidCursor = new(
        "invalid_cursor", 400, "The cursor is not valid",
        "'starting_after' and 'ending_before' take the id of an item of the same list, "
        + "and only one of them at a time.");

    public static readonly ProblemType IdempotencyKeyMissing = new(
        "idempotency_key_missing", 400, "The idempotency key is missing",
        "Send a key of your own, for example a UUID, and send the same again whenever you repeat the request. However "
        + "often it arrives, it is executed once. It stands in the header Idempotency-Key, or, where the detail says "
        + "so, in the body.");

    public static readonly ProblemType IdempotencyKeyInvalid = new(
        "idempotency_key_invalid", 400, "The idempotency key is not valid",
        "A key is 1 to 255 printable ASCII characters. In the header it may be a quoted string (RFC 8941); the quotes "
        + "are not part of the key. A header beside a key in the body must name the same key.");

    public static readonly ProblemType BadRequest = new(
        "bad_request", 400, "The request could not be read",
        "The request is not well-formed HTTP, or ended early.");

    public static readonly ProblemType Unauthorized = new(
        "unauthorized", 401, "A valid API key is needed",
        "Send 'Authorization: Bearer' with an API key that exists, has not expired and was not revoked.");

    public static readonly ProblemType InsufficientScope = new(
        "insufficient_scope", 403, "The API key lacks the scope for this",
        "The key is valid, but not for this operation. Use a key that has the scope named in the detail.");

    public static readonly ProblemType NotFound = new(
        "not_found", 404, "There is nothing here",
        "No resource has this address. An id that does not exist and one that cannot exist are answered alike.");

    public static readonly ProblemType PaymentNotFound = new(
        "payment_not_found", 404, "No payment has this id",
        "Ids are given out by POST /payments and are never used again.");

    public static readonly ProblemType RefundNotFound = new(
        "refund_not_found", 404, "No refund has this id",
        "Ids are given out when a refund is recorded. Under a payment's address only its own refunds are found.");

    public static readonly ProblemType TransactionNotFound = new(
        "transaction_not_found", 404, "No transaction has this id or key",
        "Ids and keys are those of POST /api/v1/transactions. A key is known to the owner of the API key that used "
        + "it.");

    public static readonly ProblemType AccountNotFound = new(
        "account_not_found", 404, "No account has this name",
        "An account is opened by POST /accounts or by the first settlement of a payment into it, so it does not exist "
        + "while its only payments are queued. The same name in another currency is another account.");

    public static readonly ProblemType FlowNotFound = new(
        "flow_not_found", 404, "No deposit, conversion or withdrawal has this id",
        "Ids are given out when a flow is recorded. One of another kind is not found at this address.");

    public static readonly ProblemType DeadLetterNotFound = new(
        "dead_letter_not_found", 404, "No dead letter has this id",
        "A dead letter that was redriven is a job in the queue again. "
        + "GET /api/v1/queue/redrives shows when, and by whom.");

    public static readonly ProblemType WorkerNotFound = new(
        "worker_not_found", 404, "No worker has this id",
        "The id of a worker is that of one process: it is gone when the process ends. "
        + "GET /api/v1/queue/stats lists the workers.");

    public static readonly ProblemType ReconciliationNotFound = new(
        "reconciliation_not_found", 404, "The account has no such reconciliation",
        "Reports are made by POST /api/v1/accounts/{accountId}/reconcile, for an account in one currency.");

    public static readonly ProblemType ReconciliationReportNotFound = new(
        "reconciliation_report_not_found", 404, "No reconciliation report has this id",
        "GET /api/admin/reconciliation/reports lists the reports of all runs; POST /api/admin/reconciliation/run makes "
        + "one more.");

    public static readonly ProblemType ExceptionNotFound = new(
        "exception_not_found", 404, "No reconciliation exception has this id",
        "Exceptions are opened by the checks of reconciliation. GET /api/admin/reconciliation/exceptions lists them.");

    public static readonly ProblemType AdjustmentNotFound = new(
        "adjustment_not_found", 404, "No adjustment has this id",
        "GET /api/admin/reconciliation/adjustments lists them.");

    public static readonly ProblemType OwnProposal = new(
        "own_proposal", 403, "Whoever proposed it cannot approve it",
        "An adjustment above the limits, and the rebuilding of an account's row, is decided by a second person: send "
        + "the approval with a key of another owner.");

    public static readonly ProblemType WebhookTargetNotFound = new(
        "webhook_target_not_found", 404, "No webhook target has this id",
        "GET /api/admin/webhooks lists the targets. One that was deleted is not found.");

    public static readonly ProblemType WebhookDeliveryNotFound = new(
        "webhook_delivery_not_found", 404, "No webhook delivery has this id",
        "GET /api/admin/webhooks/deliveries lists the deliveries.");

    public static readonly ProblemType MethodNotAllowed = new(
        "method_not_allowed", 405, "The resource does not have this method",
        "The header Allow lists the methods that it has.");

    public static readonly ProblemType IdempotencyKeyInUse = new(
        "idempotency_key_in_use", 409, "A request with this idempotency key is being executed",
        "The first request with this key has not ended yet. Wait for the seconds in Retry-After "
        + "and send the same again.");

    public static readonly ProblemType PaymentNotRefundable = new(
        "payment_not_refundable", 409, "The payment cannot be refunded now",
        "Only a payment that was completed, with or without a discrepancy, can be refunded. One that is pending can be "
        + "refunded once it is settled; nothing was paid by one that failed or was cancelled. Nothing was stored; "
        + "the same idempotency key may be used again.");

    public static readonly ProblemType PaymentNotCancellable = new(
        "payment_not_cancellable", 409, "The payment cannot be cancelled",
        "A payment can be cancelled while it is queued, until a worker claims it for settlement. Read it to see what "
        + "became of it; one that has been completed can be refunded.");

    public static readonly ProblemType FlowEnded = new(
        "flow_ended", 409, "The flow has ended in another way",
        "A deposit or a withdrawal is completed or fails, once. To ask again for the end that it had changes nothing "
        + "and is answered as the first time. Read it to see what became of it.");

    public static readonly ProblemType ReferenceInUse = new(
        "reference_in_use", 409, "The reference belongs to another flow",
        "What happened once outside is recorded once: a reference, such as the hash of a transaction, names one "
        + "deposit, conversion or withdrawal. Nothing was stored; the same idempotency key may be used again.");

    public static readonly ProblemType ReconciliationInProgress = new(
        "reconciliation_in_progress", 409, "The account is being reconciled",
        "One reconciliation of an account runs at a time. Wait for the seconds in Retry-After "
        + "and send the same again.");

    public static readonly ProblemType ExceptionChanged = new(
        "exception_changed", 409, "The exception was changed meanwhile",
        "The version in the request is not the exception's any more: somebody acted on it, or it was seen to be "
        + "different. Read it again and decide anew.");

    public static readonly ProblemType ExceptionOver = new(
        "exception_over", 409, "The exception is not open",
        "It was resolved, corrected or closed before. POST .../reopen opens it again.");

    public static readonly ProblemType AdjustmentProposed = new(
        "adjustment_proposed", 409, "Another adjustment is proposed already",
        "An exception has one proposal at a time. Approve or reject that one first; the detail names it.");

    public static readonly ProblemType AdjustmentDecided = new(
        "adjustment_decided", 409, "The adjustment is decided otherwise",
        "A proposal is approved or rejected once, and only what is posted can be undone. Read it to see what became of "
        + "it.");

    public static readonly ProblemType NotUndoable = new(
        "not_undoable", 409, "The adjustment cannot be undone",
        "Only what was posted to the ledger has a reverse, and that must not take an account below its minimum.");

    public static readonly ProblemType AccountExists = new(
        "account_exists", 409, "The account exists with other settings",
        "An account of this name and currency was opened before, by a request or by its first settlement, and its "
        + "settings are another's to decide on. Nothing was changed.");

    public static readonly ProblemType WebhookTargetDisabled = new(
        "webhook_target_disabled", 409, "The webhook target is disabled",
        "Nothing is sent to a target that is disabled or deleted. disabledReason says why; enable it first.");

    public static readonly ProblemType WebhookTargetConfigured = new(
        "webhook_target_configured", 409, "The webhook target belongs to the configuration",
        "Its address and its secret are settings of the worker: change them there and restart it. Its filter can be "
        + "changed here, and it can be disabled.");

    public static readonly ProblemType BodyTooLarge = new(
        "body_too_large", 413, "The body is too large",
        "Requests to this API are at most 16 KiB.");

    public static readonly ProblemType UnsupportedMediaType = new(
        "unsupported_media_type", 415, "The body must be JSON",
        "Send 'Content-Type: application/json' and a body in UTF-8.");

    public static readonly ProblemType IdempotencyKeyReused = new(
        "idempotency_key_reused", 422, "The idempotency key belongs to another request",
        "The key was used before with other values. A key names one request for ever: "
        + "use a new one for a new request.");

    public static readonly ProblemType Unprocessable = new(
        "unprocessable", 422, "A value is refused",
        "The request has the right shape, but a value in it is not accepted. 'errors' names each of them. "
        + "Nothing was stored; the same idempotency key may be used again.");

    public static readonly ProblemType NotCorrectable = new(
        "not_correctable", 422, "No correction of this kind applies to the exception",
        "A deposit, conversion or withdrawal that is posted with another amount can be adjusted, and the row of an "
        + "account whose entries replay can be rebuilt. Everything else needs a person.");

    public static readonly ProblemType RefundExceedsRemaining = new(
        "refund_exceeds_remaining", 422, "More than is left of the payment",
        "All refunds of a payment together, those that are pending included, give back at most what was paid. Nothing "
        + "was stored; the same idempotency key may be used again.");

    public static readonly ProblemType InsufficientFunds = new(
        "insufficient_funds", 422, "More than can be taken from the account",
        "What may leave an account is its balance less what queued transfers and refunds are to take from it, down to "
        + "its minimum balance, or to zero where it has none. Nothing was stored; the same idempotency key may be used "
        + "again.");

    public static readonly ProblemType AccountDivided = new(
        "account_divided", 422, "The account is kept in parts",
        "The clearing account of a currency is the sum of 64 sub-accounts. Ask for the entries of one of them: "
        + "clearing%2F00 to clearing%2F63.");

    public static readonly ProblemType RateLimited = new(
        "rate_limited", 429, "Too many requests with this API key",
        "The request was not executed. Wait for the seconds in Retry-After and send the same again; "
        + "the same idempotency key may be used.");

    public static readonly ProblemType InternalError = new(
        "internal_error", 500, "Something went wrong on our side",
        "The request was not executed, or its outcome is unknown. Repeat it with the same idempotency key; "
        + "the trace id finds it in the logs.");

    public static readonly ProblemType Overloaded = new(
        "overloaded", 503, "Too many requests are waiting",
        "The request was not executed. Wait for the seconds in Retry-After and send the same again.");

    public static readonly ProblemType DatabaseUnavailable = new(
        "database_unavailable", 503, "The database cannot be reached",
        "Wait for the seconds in Retry-After and send the same again with the same idempotency key: "
        + "if the first attempt was stored after all, the second gets its answer.");

    public static readonly ProblemType WebhookKeyMissing = new(
        "webhook_key_missing", 503, "Secrets of webhooks cannot be kept",
        "A target's secret is kept encrypted. Outside of development that needs the setting Webhooks:EncryptionKey, "
        + "the same for the API and the worker. Nothing was stored; the same idempotency key may be used again.");

    public static IReadOnlyList<ProblemType> All { get; } =
    [
        InvalidJson, InvalidRequest, InvalidCursor, IdempotencyKeyMissing, IdempotencyKeyInvalid, BadRequest,
        Unauthorized, InsufficientScope, NotFound, PaymentNotFound, RefundNotFound, TransactionNotFound,
        AccountNotFound, FlowNotFound, DeadLetterNotFound, WorkerNotFound, ReconciliationNotFound,
        ReconciliationReportNotFound, ExceptionNotFound, AdjustmentNotFound, OwnProposal, MethodNotAllowed,
        IdempotencyKeyInUse, PaymentNotRefundable, PaymentNotCancellable, FlowEnded, ReferenceInUse,
        ReconciliationInProgress, AccountExists, BodyTooLarge, UnsupportedMediaType, IdempotencyKeyReused,
        Unprocessable, RefundExceedsRemaining, InsufficientFunds, AccountDivided, RateLimited, InternalError,
        Overloaded, DatabaseUnavailable, ExceptionChanged, ExceptionOver, AdjustmentProposed, AdjustmentDecided,
        NotUndoable, NotCorrectable, WebhookTargetNotFound, WebhookDeliveryNotFound, WebhookTargetDisabled,
        WebhookTargetConfigured, WebhookKeyMissing,
    ];
}
