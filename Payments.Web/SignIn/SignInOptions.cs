using System.ComponentModel.DataAnnotations;

namespace Payments.Web.SignIn;

/// <summary>How operators sign in; section <c>SignIn</c> of the configuration.</summary>
internal sealed class SignInOptions
{
    public const string Section = "SignIn";

    /// <summary>How long a sign-in lasts; an API key that expires before ends it sooner.</summary>
    [Range(0.01, 24 * 30)]
    public double Hours { get; set; } = 12;

    /// <summary>
    /// Where the keys that encrypt the cookie are kept, for several instances to share them and for a restart to know
    /// them. Null: where the framework keeps them for this user.
    /// </summary>
    public string? KeyRingDirectory { get; set; }

    /// <summary>In Development, whoever is not signed in acts under this key until signing out.</summary>
    public string? DeveloperKey { get; set; }

    /// <summary>What the screens call the holder of the developer key.</summary>
    public string DeveloperName { get; set; } = "developer";
}
