using System.Net;
using System.Net.Sockets;

namespace Payments.Ledger.Webhooks;

/// <summary>
/// Where webhooks may go: to public addresses, over https. A target's address is written by people, and a request that
/// it makes this system send must reach nothing that only this system can reach.
/// </summary>
/// <param name="allowLoopback">Development: targets on this machine, over http too.</param>
public sealed class WebhookAddress(bool allowLoopback)
{
    public const int MaxLength = 2_000;

    // IANA's special-purpose registries. Everything of IPv6 outside 2000::/3 is none of the public internet.
    private static readonly IPNetwork PublicV6 = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] Special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
            "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",

            // The metadata service of a cloud, at an address that looks public.
            "168.63.129.16/32",

            // Teredo, ORCHID and the like; 6to4, which holds an IPv4 address; documentation.
            "2001::/23", "2002::/16", "2001:db8::/32", "3fff::/20",
        }.Select(network => IPNetwork.Parse(network)),
    ];

    /// <summary>What is wrong with an address as it is written, in a few words; null when nothing is.</summary>
    /// <remarks>Where its name leads is looked at when it is connected to, and not before: that changes.</remarks>
    public string? Check(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > MaxLength || text.Any(char.IsControl)
            || !Uri.TryCreate(text, UriKind.Absolute, out var address)
            || (address.Scheme != Uri.UriSchemeHttps && address.Scheme != Uri.UriSchemeHttp))
        {
            return FormattableString.Invariant($"must be an absolute https address of at most {MaxLength} characters");
        }

        if (address.UserInfo.Length > 0 || address.Fragment.Length > 0)
        {
            return "must have neither credentials nor a fragment";
        }

        if (IPAddress.TryParse(address.IdnHost.Trim('[', ']'), out var literal) && !IsAllowed(literal))
        {
            return "must not be a private, local or reserved address";
        }

        if (address.IsLoopback)
        {
            return allowLoopback ? null : "must not be this machine";
        }

        return address.Scheme == Uri.UriSchemeHttps ? null : "must be https";
    }

    /// <summary>Whether a connection to it may be made.</summary>
    public bool IsAllowed(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (IPAddress.IsLoopback(plain))
        {
            return allowLoopback;
        }

        return (plain.AddressFamily == AddressFamily.InterNetwork || PublicV6.Contains(plain))
            && !Array.Exists(Special, network => network.Contains(plain));
    }
}
