namespace LlmToolkit.Fuzz;

/// <summary>A valid file, or a set of files, taken apart into fields.</summary>
internal sealed class FuzzSeed
{
    /// <summary>Wraps fields.</summary>
    /// <param name="name">A word for findings.</param>
    /// <param name="fields">In the order of the files.</param>
    /// <param name="files">Names of the files; the first is opened.</param>
    public FuzzSeed(string name, IReadOnlyList<Field> fields, params string[] files)
    {
        (Name, Fields, Files) = (name, [.. fields], files);
        int[] derived = [.. Enumerable.Range(0, Fields.Length).Where(i => Fields[i].Derived is { Kind: not DerivedKind.Padding })];
        MeasuredBy = [.. Fields.Select((f, i) => derived.Where(d => d != i && Fields[d].File == f.File && f.IsIn(Fields[d].Derived!.Group)).ToArray())];

        Bytes = Assembly.Build(this, Pieces(), derive: true);
    }

    /// <summary>A word for findings.</summary>
    public string Name { get; }

    /// <summary>False for what is refused as it stands, for what it is and not for a fault. Default: true.</summary>
    public bool IsSound { get; init; } = true;

    /// <summary>The fields.</summary>
    public Field[] Fields { get; }

    /// <summary>Names of the files.</summary>
    public string[] Files { get; }

    /// <summary>For each field the derived fields that measure it.</summary>
    public int[][] MeasuredBy { get; }

    /// <summary>The valid files.</summary>
    public byte[][] Bytes { get; }

    /// <summary>The fields, to be mutated.</summary>
    public List<Piece> Pieces() => [.. Fields.Select((f, i) => new Piece(i, f.File, f.Bytes))];
}

/// <summary>A field of a mutated file.</summary>
/// <param name="Field">Number of the seed's field; -1: it comes from elsewhere.</param>
/// <param name="File">The file that it lies in.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="Touched">True when a mutation chose its bytes: they are not derived again.</param>
internal readonly record struct Piece(int Field, int File, byte[] Bytes, bool Touched = false);

/// <summary>Puts fields together to files.</summary>
internal static class Assembly
{
    /// <summary>The files that the pieces make.</summary>
    public static byte[][] Build(FuzzSeed seed, List<Piece> pieces, bool derive)
    {
        byte[][] files = new byte[seed.Files.Length][];
        int[] starts = new int[pieces.Count];
        for (int file = 0, at = 0; file < files.Length; file++)
        {
            int from = at;
            int length = 0;
            for (; at < pieces.Count && pieces[at].File == file; at++)
            {
                if (derive && Rule(seed, pieces[at]) is { Kind: DerivedKind.Padding, Add: int multiple })
                {
                    pieces[at] = pieces[at] with { Bytes = new byte[(multiple - (length % multiple)) % multiple] };
                }

                starts[at] = length;
                length += pieces[at].Bytes.Length;
            }

            files[file] = new byte[length];
            for (int i = from; i < at; i++)
            {
                pieces[i].Bytes.CopyTo(files[file], starts[i]);
            }

            if (derive)
            {
                // Sums over bytes come last: what they sum over may hold lengths.
                Derive(seed, pieces, from, at, starts, files[file], sums: false);
                Derive(seed, pieces, from, at, starts, files[file], sums: true);
            }
        }

        return files;
    }

    private static Derived? Rule(FuzzSeed seed, Piece piece) => piece.Touched || piece.Field < 0 ? null : seed.Fields[piece.Field].Derived;

    private static void Derive(FuzzSeed seed, List<Piece> pieces, int from, int to, int[] starts, byte[] file, bool sums)
    {
        Measure[] measures = new Measure[seed.Fields.Length];
        bool any = false;
        for (int i = from; i < to; i++)
        {
            any |= Rule(seed, pieces[i])?.Kind == DerivedKind.Crc;
            foreach (int derived in pieces[i].Field < 0 ? [] : seed.MeasuredBy[pieces[i].Field])
            {
                measures[derived].Add(seed.Fields[pieces[i].Field].Entry, pieces[i], starts[i], sums && seed.Fields[derived].Derived!.Kind == DerivedKind.Crc ? file : null);
            }
        }

        for (int i = from; (any || !sums) && i < to; i++)
        {
            if (Rule(seed, pieces[i]) is { } rule && rule.Kind != DerivedKind.Padding && rule.Kind == DerivedKind.Crc == sums)
            {
                Numbers.Write(file.AsSpan(starts[i], pieces[i].Bytes.Length), measures[pieces[i].Field].Of(rule), seed.Fields[pieces[i].Field]);
            }
        }
    }

    /// <summary>What is known of the group of a derived field.</summary>
    private struct Measure
    {
        private ulong _length;
        private ulong _entries;
        private int _start;
        private int _entry;
        private int _head;
        private uint _crc;

        /// <summary>Adds a piece of the group. Entries may stand twice: a new one begins where the entry's number changes or its first field comes again.</summary>
        public void Add(int entry, Piece piece, int start, byte[]? file)
        {
            if (_length == 0 && _entries == 0)
            {
                _start = start;
            }

            if (_entries == 0 || entry != _entry || piece.Field == _head)
            {
                _entries++;
                (_entry, _head) = (entry, piece.Field);
            }

            _length += (ulong)piece.Bytes.Length;
            _crc = file is null ? 0 : Numbers.Crc(_crc, file.AsSpan(start, piece.Bytes.Length));
        }

        public readonly ulong Of(Derived rule) => (ulong)rule.Add + rule.Kind switch
        {
            DerivedKind.Length => _length,
            DerivedKind.Count => _entries,
            DerivedKind.Offset => (ulong)_start,
            _ => _crc,
        };
    }
}
