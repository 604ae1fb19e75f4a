namespace Payments.Web.Accounts;

/// <summary>What an account's page shows: its balance, and one page of its entries.</summary>
public sealed record AccountView(Balance Balance, ListOf<AccountEntry> Entries);
