namespace Aspire.Hosting.ApplicationModel;

/// <summary>How a command looks, and when it can be given.</summary>
public class CommandOptions
{
    public string? Description { get; set; }

    /// <summary>The question that a person must answer with yes first.</summary>
    public string? ConfirmationMessage { get; set; }

    /// <summary>The name of a FluentUI icon.</summary>
    public string? IconName { get; set; }

    public IconVariant? IconVariant { get; set; }

    /// <summary>Whether it is a button of its own, and not an entry of the menu.</summary>
    public bool IsHighlighted { get; set; }

    /// <summary>Says whether the command can be given; without it, always.</summary>
    public Func<UpdateCommandStateContext, ResourceCommandState>? UpdateState { get; set; }
}
