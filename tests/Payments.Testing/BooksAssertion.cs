using Npgsql;
using Xunit;

namespace Payments.Testing;

public static partial class Books
{
    public static Task ShouldBeRightAsync(TestDatabase database) => ShouldBeRightAsync(database.Superuser);

    public static async Task ShouldBeRightAsync(NpgsqlDataSource superuser) =>
        Assert.Empty(await FaultsAsync(superuser));
}
