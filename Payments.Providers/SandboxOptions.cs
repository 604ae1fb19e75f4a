using System.ComponentModel.DataAnnotations;

namespace Payments.Providers;

/// <summary>Section <c>Sandbox</c>: the credentials that callers present, and how the flows are followed.</summary>
internal sealed class SandboxOptions
{
    public const string Section = "Sandbox";

    /// <summary>The key of the API with which the flows are read.</summary>
    public string? ApiKey { get; set; }

    /// <summary>How often the flows are looked at without anyone asking for a balance.</summary>
    [Range(0.05, 3600)]
    public double PollSeconds { get; set; } = 1;

    [Required]
    public string CircleApiKey { get; set; } = "";

    [Required]
    public string AlpacaKeyId { get; set; } = "";

    [Required]
    public string AlpacaSecret { get; set; } = "";

    public TimeSpan Poll => TimeSpan.FromSeconds(PollSeconds);
}
