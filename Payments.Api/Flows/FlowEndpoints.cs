using Payments.Api.Conversions;
using Payments.Api.Deposits;
using Payments.Api.Withdrawals;

namespace Payments.Api.Flows;

/// <summary>Money that comes in from outside, is converted, and goes out.</summary>
internal static class FlowEndpoints
{
    public static void AddFlows(this IServiceCollection services)
    {
        services.AddSingleton<EndFlow>();
        services.AddDeposits();
        services.AddConversions();
        services.AddWithdrawals();
    }

    public static void MapFlows(this IEndpointRouteBuilder routes)
    {
        routes.MapDeposits();
        routes.MapConversions();
        routes.MapWithdrawals();
    }
}
