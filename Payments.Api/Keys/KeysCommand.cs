using Npgsql;
using Payments.Ledger.Audit;

namespace Payments.Api.Keys;

/// <summary>
/// <c>Payments.Api keys create|list|revoke|rotate</c>: the only way to an API key, since the services' role can neither
/// add nor change one. Connects as the owner of the tables or as the superuser.
/// </summary>
internal static class KeysCommand
{
    public const string Name = "keys";

    private const string Usage = """
        keys create --owner NAME --scopes SCOPE,SCOPE [--expires 90d|2027-01-31] [--limit REQUESTS-A-SECOND]
        keys list
        keys revoke ID
        keys rotate ID [--overlap 24h] [--expires 90d|2027-01-31]
        """;

    /// <returns>0, or 1 after a sentence that says what is wrong.</returns>
    public static Task<int> RunAsync(string[] args) => RunAsync(args, Console.Out);

    internal static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        var clock = TimeProvider.System;
        var (arguments, complaint) = KeysArguments.Read(args[1..], clock.GetUtcNow());
        if (arguments is null)
        {
            await output.WriteLineAsync($"{Name}: {complaint}\n\n{Usage}");
            return 1;
        }

        // Only its settings are used; of the two kinds of builders this one knows the environment as the API does.
        var builder = WebApplication.CreateBuilder([.. arguments.Settings]);
        var (connectionString, unknown) = CommandDatabase.Find(
            builder.Configuration, builder.Environment, superuser: true);
        if (connectionString is null)
        {
            await output.WriteLineAsync($"{Name}: {unknown}");
            return 1;
        }

        try
        {
            await using var database = NpgsqlDataSource.Create(connectionString);
            var manage = new ManageKeys(
                database, new AuditLog(clock), new AuditActor($"command line ({Environment.UserName})"), clock);
            return await RunAsync(arguments, manage, output, clock, CancellationToken.None);
        }
        catch (PostgresException e)
        {
            await output.WriteLineAsync($"{Name}: the server refused: {e.MessageText} (SQLSTATE {e.SqlState}).");
            return 1;
        }
        catch (Exception e) when (e is NpgsqlException or ArgumentException or TimeoutException)
        {
            await output.WriteLineAsync($"{Name}: the server cannot be reached: {e.Message}");
            return 1;
        }
    }

    private static async Task<int> RunAsync(
        KeysArguments arguments, ManageKeys manage, TextWriter output, TimeProvider clock, CancellationToken cancel)
    {
        switch (arguments.Verb)
        {
            case "create":
                await ShowNewAsync(output, await manage.CreateAsync(
                    arguments.Owner!, arguments.Scopes, arguments.ExpiresAt, arguments.Limit, cancel));
                return 0;
            case "list":
                await ListAsync(output, await manage.ListAsync(cancel), clock.GetUtcNow());
                return 0;
            case "revoke":
                var was = await manage.RevokeAsync(arguments.Id!.Value, cancel);
                await output.WriteLineAsync(was switch
                {
                    null => $"{Name}: no key has the id {arguments.Id}.",
                    { RevokedAt: { } at } => $"The key {arguments.Id} was revoked already, at {Time(at)}.",
                    _ => $"The key {arguments.Id} of {was.Owner} is revoked. "
                        + $"A running API may know it for {ApiKeys.Lifetime.TotalSeconds:0} more seconds.",
                });
                return was is null ? 1 : 0;
            default:
                if (await manage.RotateAsync(arguments.Id!.Value, arguments.Overlap, arguments.ExpiresAt, cancel)
                    is not { } rotated)
                {
                    await output.WriteLineAsync($"{Name}: no good key has the id {arguments.Id}.");
                    return 1;
                }

                await ShowNewAsync(output, rotated);
                await output.WriteLineAsync(
                    $"The key {arguments.Id} ends at {Time(clock.GetUtcNow() + arguments.Overlap)} at the latest.");
                return 0;
        }
    }

    private static Task ShowNewAsync(TextWriter output, NewKey created) => output.WriteLineAsync($"""
        An API key of {created.Row.Owner}. It is shown this once and kept nowhere:

          {created.Key}

        id       {created.Row.Id}
        scopes   {created.Row.Scopes}
        expires  {(created.Row.ExpiresAt is { } end ? Time(end) : "never")}
        limit    {Limit(created.Row)}
        """);

    private static async Task ListAsync(TextWriter output, IReadOnlyList<KeyRow> keys, DateTimeOffset now)
    {
        foreach (var key in keys)
        {
            var state = key switch
            {
                { RevokedAt: { } at } => $"revoked {Time(at)}",
                { ExpiresAt: { } end } => end <= now ? $"expired {Time(end)}" : $"good until {Time(end)}",
                _ => "good",
            };
            await output.WriteLineAsync(
                $"{key.Id}  {key.Owner}  {key.Scopes}  created {Time(key.CreatedAt)}  {state}  "
                + $"limit {Limit(key)}");
        }
    }

    private static string Limit(KeyRow key) => key.RequestsPerSecond is { } limit
        ? FormattableString.Invariant($"{limit} a second")
        : "as set";

    private static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
