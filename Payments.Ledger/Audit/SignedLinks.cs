namespace Payments.Ledger.Audit;

/// <summary>The links that checkpoints signed, read along the chain with one checkpoint in memory at a time.</summary>
internal sealed class SignedLinks
{
    private readonly CheckpointStore? _store;
    private readonly IReadOnlyList<long> _ends;
    private AuditCheckpoint? _current;
    private int _next;
    private long _readTo;
    private long _goodTo;

    public SignedLinks(CheckpointStore? store)
    {
        _store = store;
        _ends = store?.List() ?? [];
    }

    /// <summary>Null when no checkpoints are kept.</summary>
    public int? Count => _store is null ? null : _ends.Count;

    /// <summary>The last sequence that a good checkpoint covers; null when none are kept.</summary>
    public long? Last()
    {
        while (_next < _ends.Count)
        {
            ReadNext();
        }

        return _store is null ? null : _goodTo;
    }

    /// <summary>The first fault of the checkpoints that were read so far.</summary>
    public AuditDamage? Damage { get; private set; }

    /// <summary>The signed link; empty where no good checkpoint covers the sequence, which must grow.</summary>
    public ReadOnlySpan<byte> At(long sequence)
    {
        while (_readTo < sequence && _next < _ends.Count)
        {
            ReadNext();
        }

        return _current is { } checkpoint && checkpoint.Covers(sequence) ? checkpoint.LinkAt(sequence) : default;
    }

    /// <summary>Whether a checkpoint of the whole store signed this link, at whatever place.</summary>
    public bool Contains(byte[] link) => _ends
        .Select(end => _store!.Read(end))
        .Any(checkpoint => checkpoint is not null
            && Enumerable.Range(0, (int)checkpoint.Count)
                .Any(i => checkpoint.LinkAt(checkpoint.From + i).SequenceEqual(link)));

    private void ReadNext()
    {
        var end = _ends[_next++];
        _current = _store!.Read(end);
        if (_current is null)
        {
            Damage ??= new(
                _readTo + 1, AuditDamageKind.CheckpointInvalid,
                $"The checkpoint that ends at {end} cannot be read or is not signed by the key.");
        }
        else if (_current.From != _readTo + 1)
        {
            Damage ??= new(
                _readTo + 1, AuditDamageKind.CheckpointMissing,
                $"No checkpoint covers {_readTo + 1}; the next one begins at {_current.From}.");
        }

        _goodTo = _current is null ? _goodTo : end;
        _readTo = end;
    }
}
