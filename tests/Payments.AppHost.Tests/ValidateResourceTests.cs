using Aspire.Hosting.ApplicationModel;

namespace Payments.AppHost.Tests;

/// <summary>The resource that a person starts on the dashboard to check the running system.</summary>
[Collection(nameof(RunningApplication))]
public sealed class ValidateResourceTests(RunningApplication fixture, ITestOutputHelper output)
    : ApplicationTests(fixture, output)
{
    [Fact]
    public async Task The_checks_run_when_they_are_started_by_hand_and_pass_as_often_as_they_are()
    {
        var validate = Assert.Single(Application.Replicas("validate"));
        Assert.Equal(KnownResourceStates.NotStarted, validate.Snapshot.State?.Text);

        for (var run = 0; run < 2; run++)
        {
            var passed = Application.WaitForLineAsync(
                line => line.Contains("✅ ALL VALIDATION CHECKS PASSED", StringComparison.Ordinal), Cancel);
            var started = await Application.App.ResourceCommands.ExecuteCommandAsync(
                validate.Name, KnownResourceCommands.StartCommand, Cancel);
            Assert.True(started.Success, started.Message);
            await passed;
            await Application.App.ResourceNotifications.WaitForResourceAsync(
                "validate", KnownResourceStates.Finished, Cancel);

            Assert.Equal(0, Assert.Single(Application.Replicas("validate")).Snapshot.ExitCode);
        }
    }
}
