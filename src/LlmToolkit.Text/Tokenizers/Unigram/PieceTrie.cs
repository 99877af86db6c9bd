using System.Numerics;

namespace LlmToolkit.Text;

/// <summary>Pieces by their characters, for finding all that begin at a place. The edges lie in one open-addressed table.</summary>
internal sealed class PieceTrie
{
    private ulong[] _keys = new ulong[1024];
    private int[] _targets = new int[1024];
    private int _edges;
    private int[] _ids = new int[1024];
    private int _nodes = 1;

    public PieceTrie() => Array.Fill(_ids, -1);

    /// <summary>The root.</summary>
    public const int Root = 0;

    /// <summary>Adds a piece; of equal ones the last counts.</summary>
    public void Add(ReadOnlySpan<char> piece, int id)
    {
        int node = Root;
        foreach (char c in piece)
        {
            int slot = Slot(node, c);
            if (_keys[slot] == 0)
            {
                if (++_edges * 2 > _keys.Length)
                {
                    Grow();
                    slot = Slot(node, c);
                }

                if (_nodes == _ids.Length)
                {
                    Array.Resize(ref _ids, _nodes * 2);
                    Array.Fill(_ids, -1, _nodes, _nodes);
                }

                _keys[slot] = Key(node, c);
                _targets[slot] = _nodes++;
            }

            node = _targets[slot];
        }

        _ids[node] = id;
    }

    /// <summary>The node after a character, or -1.</summary>
    public int Next(int node, char c)
    {
        int slot = Slot(node, c);
        return _keys[slot] == 0 ? -1 : _targets[slot];
    }

    /// <summary>The piece that ends at a node, or -1.</summary>
    public int IdAt(int node) => _ids[node];

    // Never 0, which marks a free slot.
    private static ulong Key(int node, char c) => ((ulong)(uint)(node + 1) << 16) | c;

    private int Slot(int node, char c)
    {
        ulong key = Key(node, c);
        int mask = _keys.Length - 1;
        int slot = (int)(key * 0x9E3779B97F4A7C15UL >> (64 - BitOperations.Log2((uint)_keys.Length)));
        while (_keys[slot] != 0 && _keys[slot] != key)
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }

    private void Grow()
    {
        (ulong[] keys, int[] targets) = (_keys, _targets);
        _keys = new ulong[keys.Length * 2];
        _targets = new int[keys.Length * 2];
        for (int i = 0; i < keys.Length; i++)
        {
            if (keys[i] != 0)
            {
                int slot = Slot((int)(keys[i] >> 16) - 1, (char)keys[i]);
                (_keys[slot], _targets[slot]) = (keys[i], targets[i]);
            }
        }
    }
}
