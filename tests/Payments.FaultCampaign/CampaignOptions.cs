using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;

namespace Payments.FaultCampaign;

/// <summary>What a campaign does; each is an argument, <c>--Seed 7</c>.</summary>
internal sealed class CampaignOptions
{
    /// <summary>Decides payments, victims and the order of faults; printed, so that a run can be repeated.</summary>
    [Range(0, int.MaxValue)]
    public int Seed { get; set; } = Random.Shared.Next();

    /// <summary>How long payments arrive and faults strike.</summary>
    [Range(10, 3_600)]
    public int Seconds { get; set; } = 120;

    /// <summary>Payments in a second.</summary>
    [Range(1, 1_000)]
    public int Rate { get; set; } = 150;

    /// <summary>Seconds between two faults.</summary>
    [Range(1, 60)]
    public int Every { get; set; } = 2;

    /// <summary>More than the two of the ordinary run: some of them are always dead, frozen or coming up.</summary>
    [Range(1, 16)]
    public int Workers { get; set; } = 4;

    /// <summary>
    /// <c>Worker:LeaseSeconds</c>, shorter than its default so that a frozen worker outlives its lease many times.
    /// </summary>
    [Range(2, 60)]
    public int Lease { get; set; } = 5;

    /// <summary>A campaign of two minutes or more proves something only with at least this many faults.</summary>
    public int FaultsWanted => Seconds >= 120 ? 40 : 1;

    /// <summary>More than this many must have met a worker that held leases.</summary>
    public int HitsWanted => Seconds >= 120 ? 21 : 1;

    public TimeSpan Quiet => TimeSpan.FromSeconds(Lease + 10);

    /// <exception cref="ValidationException">An argument is unknown, no number or out of its range.</exception>
    public static CampaignOptions Parse(string[] args)
    {
        var options = new CampaignOptions();

        try
        {
            new ConfigurationBuilder().AddCommandLine(args).Build()
                .Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw new ValidationException(e.Message, e);
        }

        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        return options;
    }
}
