using Payments.Testing;
using Recon.Worker.Retention;
using Recon.Worker.Tests.Duties;

namespace Recon.Worker.Tests.Retention;

public sealed class RemoveFinishedDutiesTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task Duties_completed_long_ago_go_and_those_that_are_young_open_dead_or_named_stay()
    {
        await database.ExecuteAsync("""
            INSERT INTO duties (id, kind, arguments, status, name, finished_at, last_error)
            SELECT gen_random_uuid(), 'test.work', '{}'::jsonb, d.status, d.name,
                CASE WHEN d.days IS NOT NULL THEN now() - make_interval(days => d.days) END, d.why
            FROM generate_series(1, 7) AS i, (VALUES
                ('completed', NULL, 8, 'old'), ('completed', NULL, 6, 'young'), ('pending', NULL, NULL, 'open'),
                ('dead', NULL, 8, 'dead')
            ) AS d (status, name, days, why)
            UNION ALL
            SELECT gen_random_uuid(), 'test.work', '{}'::jsonb, 'completed', 'once', now() - interval '8 days', 'named'
            """);
        await using var worker = new TestDuties(database);
        var remove = new RemoveFinishedDuties(
            worker.Sessions, new RetentionOptions { BatchSize = 3, RestMilliseconds = 0 }, TimeProvider.System);

        Assert.Equal(7, await remove.RunOnceAsync(TestContext.Current.CancellationToken));
        Assert.Equal(0, await remove.RunOnceAsync(TestContext.Current.CancellationToken));

        Assert.Equal(
            ["dead 7", "named 1", "open 7", "young 7"],
            await database.QueryAsync<string>(
                "SELECT last_error || ' ' || count(*) FROM duties GROUP BY last_error ORDER BY last_error"));
    }
}
