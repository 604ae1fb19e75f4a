using Payments.Providers.Flows;

namespace Payments.Providers.Disturbances;

/// <summary>One provider of the sandbox: what it holds by the flows, and what is wrong with it.</summary>
/// <param name="decimals">How many the provider writes.</param>
internal sealed class SandboxProvider(
    string name, string currency, int decimals, Func<Followed, Holdings> part, FollowFlows follow)
{
    /// <summary>Holds what a balance was shifted by, so that no user's own balance is touched.</summary>
    public const string House = "house";

    // Older than all users, so that the house's account is the first of any list by age.
    private static readonly DateTimeOffset HouseSince = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public string Name => name;

    public string Currency => currency;

    public Disturbance Disturbance { get; } = new();

    /// <summary>What the provider tells now; null while the flows could not be read even once.</summary>
    public Holdings? Told
    {
        get
        {
            if ((Disturbance.Delayed ?? Undisturbed) is not { } holdings)
            {
                return null;
            }

            var house = new Holding(House, Disturbance.Shift, HouseSince);
            return holdings with { All = [house, .. holdings.All] };
        }
    }

    public Holdings? Undisturbed => follow.Last is { } followed ? part(followed) : null;

    /// <summary>Reads the flows once more, unless the provider is delayed.</summary>
    public Task CatchUpAsync(CancellationToken cancel) =>
        Disturbance.Delayed is null ? follow.ReadAsync(cancel) : Task.CompletedTask;

    /// <summary>The amount as the provider writes it: a decimal string.</summary>
    public string Write(decimal amount) =>
        amount.ToString(decimals == 2 ? "0.00" : "0.00####", System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>The providers that the sandbox stands in for.</summary>
internal sealed class Sandbox(FollowFlows follow)
{
    public SandboxProvider Circle { get; } =
        new("circle", "USDC", decimals: 6, followed => followed.Circle, follow);

    public SandboxProvider Alpaca { get; } =
        new("alpaca", "USD", decimals: 2, followed => followed.Alpaca, follow);

    public IReadOnlyList<SandboxProvider> All => [Circle, Alpaca];

    public SandboxProvider? Find(string name) => All.FirstOrDefault(provider => provider.Name == name);
}
