namespace Aspire.Hosting;

/// <summary>How a mistake in the description ends the AppHost: as one sentence with exit code 1.</summary>
internal static class Mistakes
{
    private static readonly Lock Once = new();
    private static bool _isRegistered;

    /// <summary>From now on, what no code catches is told like this if it is a mistake in the description.</summary>
    public static void TellInOneSentence()
    {
        lock (Once)
        {
            if (!_isRegistered)
            {
                AppDomain.CurrentDomain.UnhandledException += (_, unhandled) => Tell(unhandled.ExceptionObject);
                _isRegistered = true;
            }
        }
    }

    private static void Tell(object thrown)
    {
        if (thrown is DistributedApplicationException mistake)
        {
            Console.Error.WriteLine(mistake.Message);
            Environment.Exit(1);
        }
    }
}
