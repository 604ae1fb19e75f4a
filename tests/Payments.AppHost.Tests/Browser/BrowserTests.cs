using Aspire.Hosting.Testing;
using Microsoft.Playwright;
using Payments.Testing.Faults;
using static Microsoft.Playwright.Assertions;

namespace Payments.AppHost.Tests.Browser;

/// <summary>The screens as a person sees them, in a real browser on the running system.</summary>
[Collection(nameof(RunningApplication))]
public sealed class BrowserTests(RunningApplication fixture, Chromium chromium, ITestOutputHelper output)
    : ApplicationTests(fixture, output), IClassFixture<Chromium>, IAsyncLifetime
{
    private const string Marker = "notReloaded";

    private readonly List<string> _faults = [];
    private IBrowserContext _context = null!;
    private IPage _page = null!;

    private ILocator CreateButton => _page.GetByRole(AriaRole.Button, new() { Name = "Create payment" });

    public async ValueTask InitializeAsync()
    {
        SetDefaultExpectTimeout(30_000);
        _context = await chromium.Browser.NewContextAsync(
            new() { BaseURL = Application.App.GetEndpoint("web").ToString() });
        _page = await _context.NewPageAsync();
        _page.PageError += (_, error) => _faults.Add(error);
        _page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                _faults.Add(message.Text);
            }
        };
    }

    public async ValueTask DisposeAsync()
    {
        Resume();
        await _context.DisposeAsync();
        Dispose();
    }

    [Theory]
    [InlineData(1440, 900)]
    [InlineData(390, 844)]
    public async Task A_payment_settles_in_the_list_that_shows_it_without_a_reload(int width, int height)
    {
        await OpenAsync(width, height);
        await _page.EvaluateAsync($"window.{Marker} = true");

        // The workers stand still until the payment has been seen pending.
        Freeze();
        await CreateAsync($"browser-list-{width}", "100.13");
        var row = _page.GetByRole(AriaRole.Row).Filter(new() { HasText = $"browser-list-{width}" });
        await Expect(row.GetByText("Pending")).ToBeVisibleAsync();
        Resume();

        await Expect(row.GetByText("Discrepancy")).ToBeVisibleAsync();
        await Expect(row).ToContainTextAsync("100.13");
        Assert.True(await _page.EvaluateAsync<bool>($"window.{Marker} === true"), "The page was loaded again.");
        await ShouldFitAsync(width);
    }

    [Theory]
    [InlineData(1440, 900)]
    [InlineData(390, 844)]
    public async Task A_payment_s_own_page_follows_it_from_pending_to_its_entries(int width, int height)
    {
        await OpenAsync(width, height);
        Freeze();
        await CreateAsync($"browser-page-{width}", "41.20");
        await _page.GetByRole(AriaRole.Link, new() { Name = "View payment" }).ClickAsync();
        var main = _page.GetByRole(AriaRole.Main);
        await Expect(main.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync("41.20");
        await Expect(main.GetByRole(AriaRole.Status).First).ToHaveTextAsync("Pending");
        await Expect(main.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToBeFocusedAsync();
        await _page.EvaluateAsync($"window.{Marker} = true");
        Resume();

        await Expect(main.GetByRole(AriaRole.Status).First).ToHaveTextAsync("Completed");
        var entries = _page.GetByRole(AriaRole.Region, new() { Name = "Ledger entries" });
        await Expect(entries.Locator("tbody tr")).ToHaveCountAsync(2);
        await Expect(entries.GetByText("Balanced")).ToBeVisibleAsync();
        Assert.True(await _page.EvaluateAsync<bool>($"window.{Marker} === true"), "The page was loaded again.");
        await ShouldFitAsync(width);
    }

    [Theory]
    [InlineData(1440, 900)]
    [InlineData(390, 844)]
    public async Task All_exceptions_are_chosen_and_let_go_with_the_keyboard(int width, int height)
    {
        var all = await OpenExceptionsAsync(width, height);
        var count = await _page.Locator("tbody .cell-choose input").CountAsync();
        await _page.GetByLabel("Assignee").FocusAsync();
        await _page.Keyboard.PressAsync("Tab");
        await Expect(all).ToBeFocusedAsync();
        await _page.Keyboard.PressAsync("Space");
        await Expect(_page.GetByText($"{count} chosen")).ToBeVisibleAsync();
        await ShouldFitAsync(width);

        await _page.Keyboard.PressAsync("Space");
        await Expect(_page.GetByText("chosen", new() { Exact = false })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_page_that_goes_live_leaves_the_focus_alone_and_the_heading_of_the_next_one_takes_it()
    {
        var all = await OpenExceptionsAsync(1440, 900);

        // A script's click moves no focus, and its answer comes after all that the page did on going live.
        await all.EvaluateAsync("box => box.click()");
        await Expect(_page.GetByText("chosen", new() { Exact = false })).ToBeVisibleAsync();
        Assert.Equal("BODY", await _page.EvaluateAsync<string>("document.activeElement.tagName"));

        await _page.GetByRole(AriaRole.Link, new() { Name = "Queue" }).ClickAsync();
        await Expect(_page.GetByRole(AriaRole.Heading, new() { Name = "Queue", Level = 1 })).ToBeFocusedAsync();
        await _page.GetByRole(AriaRole.Link, new() { Name = "Exceptions" }).ClickAsync();
        await Expect(_page.GetByRole(AriaRole.Heading, new() { Name = "Exceptions", Level = 1 })).ToBeFocusedAsync();
    }

    private async Task OpenAsync(int width, int height)
    {
        await _page.SetViewportSizeAsync(width, height);
        await _page.GotoAsync("/");

        // Until the page is live, the form cannot be sent, and what is typed is not kept.
        await Expect(CreateButton).ToBeEnabledAsync();
    }

    private async Task<ILocator> OpenExceptionsAsync(int width, int height)
    {
        await using (var plant = Application.Superuser.CreateCommand(PlantSql))
        {
            await plant.ExecuteNonQueryAsync(Cancel);
        }

        await _page.SetViewportSizeAsync(width, height);
        await _page.GotoAsync("/exceptions");
        var all = _page.GetByRole(AriaRole.Checkbox, new() { Name = "Choose all" });
        await Expect(all).ToBeEnabledAsync();
        return all;
    }

    private async Task CreateAsync(string account, string amount)
    {
        var form = _page.GetByRole(AriaRole.Region, new() { Name = "New payment" });
        await form.GetByLabel("Account", new() { Exact = true }).FillAsync(account);
        await form.GetByLabel("Amount", new() { Exact = true }).FillAsync(amount);
        await CreateButton.ClickAsync();
        await Expect(_page.GetByText($"to {account} created.")).ToBeVisibleAsync();
    }

    // Nothing hangs out at the side, and nothing was said to be wrong on the browser's console.
    private async Task ShouldFitAsync(int width)
    {
        Assert.InRange(await _page.EvaluateAsync<int>("document.documentElement.scrollWidth"), 1, width);
        Assert.Empty(_faults);
    }

    private void Freeze()
    {
        foreach (var worker in Application.Replicas("worker"))
        {
            ProcessSignals.Freeze(worker.Pid);
        }
    }

    private void Resume()
    {
        foreach (var worker in Application.Replicas("worker"))
        {
            ProcessSignals.Resume(worker.Pid);
        }
    }

    private const string PlantSql = """
        INSERT INTO reconciliation_exceptions (id, created_at, first_seen_at, last_seen_at, due_at, updated_at,
            check_type, break_key, kind, severity, description)
        SELECT gen_random_uuid(), now(), now(), now(), now() + interval '1 day', now(), 'deposits', gen_random_uuid(),
            'missing_deposit', 'low', 'Seen in a browser.'
        FROM generate_series(1, 3)
        """;
}
