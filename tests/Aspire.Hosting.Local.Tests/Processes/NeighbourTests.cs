using Aspire.Hosting.ApplicationModel;
using Payments.Testing.Faults;

namespace Aspire.Hosting.Local.Tests.Processes;

/// <summary>What else there may be on a machine: a second application, and folders with spaces.</summary>
public sealed class NeighbourTests
{
    [Fact]
    public async Task Two_applications_with_the_same_names_do_not_disturb_each_other()
    {
        await using var mine = new SampleApplication();
        var service = mine.AddService("service");
        await mine.StartAsync();
        Uri url;

        await using (var other = new SampleApplication())
        {
            var namesake = other.AddService("service");
            await other.StartAsync();
            url = SampleApplication.PublicUrl(namesake);

            Assert.Equal(other.Pid("service"), await other.GetAsync<int>(url, "/"));
            Assert.NotEqual(mine.Pid("service"), other.Pid("service"));
        }

        await Assert.ThrowsAsync<HttpRequestException>(() => mine.GetAsync<int>(url, "/"));
        Assert.Equal(KnownResourceStates.Running, mine.Snapshot("service").State?.Text);
        Assert.Equal(mine.Pid("service"), await mine.GetAsync<int>(SampleApplication.PublicUrl(service), "/"));
    }

    [Fact]
    public async Task An_AppHost_in_a_folder_with_spaces_runs()
    {
        var folder = Directory.CreateTempSubdirectory("app host ");

        try
        {
            var built = Path.GetDirectoryName(ProjectFolder.Built("Aspire.Hosting.Local.SampleHost", "any"))!;

            foreach (var file in Directory.EnumerateFiles(built))
            {
                File.Copy(file, Path.Combine(folder.FullName, Path.GetFileName(file)));
            }

            await using var host = HostProcess.StartFrom(
                Path.Combine(folder.FullName, "Aspire.Hosting.Local.SampleHost"), "chain");
            await host.DiaryHasAsync("top started");
            ProcessSignals.Terminate(host.Pid);
            var end = await host.EndAsync();

            Assert.Equal((0, ""), (end.ExitCode, end.Errors));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
