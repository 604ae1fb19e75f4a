namespace Aspire.Hosting.ApplicationModel;

/// <summary>How a command ended: done, refused or failed with a message, or given up by whom asked for it.</summary>
public sealed class ExecuteCommandResult
{
    public required bool Success { get; init; }

    public bool Canceled { get; init; }

    /// <summary>What the person who asked is told.</summary>
    public string? Message { get; init; }

    public CommandResultData? Data { get; init; }
}

/// <summary>What a command brought, for a person to read in full.</summary>
public sealed class CommandResultData
{
    public required string Value { get; init; }

    public CommandResultFormat Format { get; init; }

    /// <summary>Whether the dashboard opens it without being asked.</summary>
    public bool DisplayImmediately { get; init; }
}

public enum CommandResultFormat
{
    Text = 0,
    Json = 1,
    Markdown = 2,
}

public static class CommandResults
{
    public static ExecuteCommandResult Success() => new() { Success = true };

    public static ExecuteCommandResult Success(string message) => new() { Success = true, Message = message };

    public static ExecuteCommandResult Success(
        string message, string result, CommandResultFormat resultFormat = CommandResultFormat.Text) =>
        new() { Success = true, Message = message, Data = new() { Value = result, Format = resultFormat } };

    public static ExecuteCommandResult Failure(string? errorMessage = null) =>
        new() { Success = false, Message = errorMessage };

    public static ExecuteCommandResult Failure(Exception exception) => Failure(exception.Message);

    public static ExecuteCommandResult Canceled() => new() { Success = false, Canceled = true };
}
