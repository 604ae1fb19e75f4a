using System.Data;
using System.Globalization;
using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using Payments.Api.Keys;

namespace Payments.Api.Idempotency;

/// <summary>
/// Runs writing requests so that each is carried out once, however often it arrives: the key, the effect and the answer
/// are committed by one transaction. Whoever dies before that commit has done nothing, and a repetition starts afresh;
/// after it, a repetition gets the answer.
/// </summary>
internal sealed class Idempotent(
    NpgsqlDataSource database,
    KeyTable table,
    KeyTurns turns,
    FinishedAnswers finished,
    IOptions<IdempotencyOptions> options)
{
    private readonly string _keyWait =
        options.Value.KeyWaitMilliseconds.ToString(CultureInfo.InvariantCulture) + "ms";

    /// <summary>A request without a body, under the key in its header.</summary>
    public async Task<IResult> RunAsync(HttpContext context, Effect effect) =>
        IdempotencyKey.Read(context.Request.Headers[IdempotencyKey.Header], out var key) is { } wrongKey
            ? wrongKey
            : await RunAsync(context, KeyOf(context, key, Fingerprint.Of(context.Request, [])), table, effect);

    /// <summary>A request with a body of JSON, under the key in its header.</summary>
    /// <param name="parse">Reads the body and refuses what is not accepted; that leaves the key free.</param>
    public async Task<IResult> RunAsync<T>(HttpContext context, RequestBody.Parser<T> parse, Effect<T> effect)
    {
        if (RequestBody.RefuseMediaType(context.Request) is { } wrongType)
        {
            return wrongType;
        }

        if (IdempotencyKey.Read(context.Request.Headers[IdempotencyKey.Header], out var key) is { } wrongKey)
        {
            return wrongKey;
        }

        byte[] fingerprint = [];
        var (problem, body) = await RequestBody.ReadAsync<T>(context, (json, out value) =>
        {
            var refusal = parse(json, out value);
            fingerprint = refusal is null ? Fingerprint.Of(context.Request, CanonicalJson.Of(json)) : [];
            return refusal;
        });
        return problem is not null
            ? problem
            : await RunAsync(
                context, KeyOf(context, key, fingerprint), table,
                (transaction, cancel) => effect(body!, transaction, cancel));
    }

    /// <summary>A request whose key and fingerprint are known already.</summary>
    /// <param name="keys">Where its key is kept.</param>
    /// <param name="isolation">Of the transaction; a snapshot of it is of the moment in which the key is taken.</param>
    public async Task<IResult> RunAsync(
        HttpContext context, RequestKey requestKey, IKeyStore keys, Effect effect,
        IsolationLevel isolation = IsolationLevel.ReadCommitted)
    {
        var cancel = context.RequestAborted;
        using var turn = await turns.EnterAsync(requestKey.Scope, cancel);
        if (finished.Find(requestKey.Scope) is { } known)
        {
            return finished.Repeat(known, requestKey.Fingerprint);
        }

        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(isolation, cancel);
        try
        {
            await SetLockTimeoutAsync(transaction, _keyWait, cancel);
            if (await keys.ClaimAsync(requestKey, transaction, cancel) is { } earlier)
            {
                finished.Remember(requestKey.Scope, earlier);
                return finished.Repeat(earlier, requestKey.Fingerprint);
            }
        }
        catch (PostgresException e) when (
            e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.SerializationFailure)
        {
            // The latter: its holder has just finished, and this snapshot is too old to see how.
            return InUse;
        }

        await SetLockTimeoutAsync(transaction, "0", cancel);
        var outcome = await effect(transaction, cancel);
        if (outcome is Outcome.Done done)
        {
            await keys.FinishAsync(requestKey, done.Answer, transaction, cancel);
        }

        return await outcome.EndAsync(
            transaction,
            answer => finished.Remember(requestKey.Scope, new TakenKey(requestKey.Fingerprint, answer)));
    }

    /// <summary>The scope of a key that a request presents.</summary>
    public static RequestKey KeyOf(HttpContext context, string key, byte[] fingerprint)
    {
        var route = ((RouteEndpoint)context.GetEndpoint()!).RoutePattern.RawText;
        return new RequestKey(
            new KeyScope(Caller.Of(context).Key.OwnerId, $"{context.Request.Method} {route}", key), fingerprint);
    }

    private static Task<int> SetLockTimeoutAsync(
        NpgsqlTransaction transaction, string value, CancellationToken cancel) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(
            "SELECT set_config('lock_timeout', @value, true)", new { value }, transaction,
            cancellationToken: cancel));

    public static Problem Reused { get; } = new(
        ProblemTypes.IdempotencyKeyReused, "The key was used before, for a request with other values.");

    public static Problem InUse { get; } = new(
        ProblemTypes.IdempotencyKeyInUse, "The first request with this key has not ended yet.", RetryAfterSeconds: 1);
}

internal static class IdempotencyServices
{
    public static void AddIdempotency(this IServiceCollection services)
    {
        services.AddOptions<IdempotencyOptions>()
            .BindConfiguration(IdempotencyOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<KeyTable>();
        services.AddSingleton<KeyTurns>();
        services.AddSingleton<FinishedAnswers>();
        services.AddSingleton<Idempotent>();
        services.AddSingleton<KeyedChange>();
    }
}
