namespace Payments.Web.Queue;

/// <summary>What the queue's page shows: how it stands, and one page of its dead letters.</summary>
public sealed record QueueView(QueueStats Stats, ListOf<DeadLetter> DeadLetters);
