namespace LlmToolkit.Fuzz;

/// <summary>Applies mutations to a seed.</summary>
internal static class Mutator
{
    /// <summary>Longest file made: more bytes find nothing more and cost time.</summary>
    private const int MaxBytes = 1 << 20;

    /// <summary>What stands for a link, by reference: a NUL and where it leads.</summary>
    public static readonly byte[][] Links = [[.. "\0"u8, .. "/etc/passwd"u8], [.. "\0"u8, .. "config.json"u8], [.. "\0"u8, .. "nowhere"u8]];

    /// <summary>The files of an input; null: the file is left out; one of <see cref="Links"/>: it is a link.</summary>
    public static byte[]?[] Apply(IReadOnlyList<FuzzSeed> seeds, FuzzInput input)
    {
        FuzzSeed seed = seeds[input.Seed];
        List<Piece> pieces = seed.Pieces();
        List<(int File, uint What)> files = [];
        int cut = -1;
        foreach (Mutation mutation in input.Mutations)
        {
            if (pieces.Count == 0)
            {
                break;
            }

            switch (mutation.Change)
            {
                case Change.Truncate: cut = (int)mutation.Field; break;
                case Change.File: files.Add(((int)(mutation.Field % seed.Files.Length), mutation.Value)); break;
                default: Apply(seeds, seed, pieces, mutation); break;
            }
        }

        byte[]?[] result = Assembly.Build(seed, pieces, input.Derive);
        if (cut >= 0 && result[cut % result.Length] is { Length: > 0 } whole)
        {
            result[cut % result.Length] = whole[..(cut * 7919 % whole.Length)];
        }

        foreach ((int file, uint what) in files)
        {
            result[file] = Replace(result, file, what);
        }

        return result;
    }

    private static byte[]? Replace(byte[]?[] files, int file, uint what) => (what % 8) switch
    {
        0 => files.Length == 1 ? [] : null,
        1 => [],
        2 or 3 or 4 => Links[(int)(what % 8) - 2],
        5 => [.. files[file] ?? [], .. files[file] ?? []],
        6 => files[(file + 1) % files.Length],
        _ => [.. "version https://git-lfs.github.com/spec/v1\noid sha256:"u8],
    };

    private static void Apply(IReadOnlyList<FuzzSeed> seeds, FuzzSeed seed, List<Piece> pieces, Mutation m)
    {
        int at = (int)(m.Field % pieces.Count);
        if (m.Change == Change.Interesting && (m.Other & 7) != 0)
        {
            // A bracket or a blank that becomes something else ends the reading; names and values lead deeper.
            at = Enumerable.Range(at, pieces.Count - at).FirstOrDefault(i => !IsPunctuation(seed, pieces[i]), at);
        }

        Piece piece = pieces[at];
        Field field = piece.Field >= 0 ? seed.Fields[piece.Field] : new Field(FieldKind.Bytes, "", piece.Bytes);
        FuzzSeed other = seeds[(int)(m.Value % seeds.Count)];
        Field foreign = other.Fields[m.Other % other.Fields.Length];
        switch (m.Change)
        {
            case Change.Interesting: pieces[at] = Set(piece, Interesting.For(field, m.Value)); break;
            case Change.Nudge: pieces[at] = Set(piece, Nudge(piece.Bytes, field, m.Value)); break;
            case Change.CopyFrom: pieces[at] = Set(piece, pieces[(int)(m.Other % pieces.Count)].Bytes); break;
            case Change.Swap:
                int to = (int)(m.Other % pieces.Count);
                (pieces[at], pieces[to]) = (pieces[to] with { File = piece.File }, piece with { File = pieces[to].File });
                break;
            case Change.Delete: pieces.RemoveAt(at); break;
            case Change.Repeat: pieces.InsertRange(at, Enumerable.Repeat(piece, Times(m.Value, piece.Bytes.Length))); break;
            case Change.Splice: pieces[at] = Set(piece, foreign.Bytes); break;
            case Change.SpliceTail:
                pieces.RemoveRange(at, pieces.Count - at);
                pieces.AddRange(other.Fields.Skip((int)(m.Other % other.Fields.Length)).Select(f => new Piece(-1, piece.File, f.Bytes)));
                break;
            case Change.Flip when piece.Bytes.Length > 0:
                byte[] flipped = [.. piece.Bytes];
                flipped[m.Other % flipped.Length] ^= (byte)(1 << (int)(m.Value % 8));
                pieces[at] = Set(piece, flipped);
                break;
            case Change.Random:
                byte[] random = new byte[m.Other % 17];
                new Random((int)m.Value).NextBytes(random);
                pieces[at] = Set(piece, random);
                break;
            case Change.DeleteRun: pieces.RemoveRange(at, Math.Min(pieces.Count - at, 1 + (int)(m.Value % 12))); break;
            case Change.Append: pieces.Add(new Piece(-1, pieces[^1].File, foreign.Bytes)); break;
            default: ApplyToEntry(seed, pieces, m, field.Entry, other, foreign.Entry); break;
        }
    }

    private static void ApplyToEntry(FuzzSeed seed, List<Piece> pieces, Mutation m, int entry, FuzzSeed other, int foreign)
    {
        int at = pieces.FindIndex(p => p.Field >= 0 && seed.Fields[p.Field].Entry == entry);
        if (entry < 0 || at < 0)
        {
            return;
        }

        int count = pieces.Skip(at).TakeWhile(p => p.Field >= 0 && seed.Fields[p.Field].Entry == entry).Count();
        List<Piece> whole = pieces.GetRange(at, count);
        switch (m.Change)
        {
            case Change.DeleteEntry: pieces.RemoveRange(at, count); break;
            case Change.RepeatEntry:
                for (int i = Times(m.Value, whole.Sum(p => p.Bytes.Length)); i > 0; i--)
                {
                    pieces.InsertRange(at, whole);
                }

                break;
            case Change.MoveEntry:
                pieces.RemoveRange(at, count);
                int to = (int)(m.Other % (pieces.Count + 1));
                int file = pieces.Count == 0 ? 0 : pieces[Math.Min(to, pieces.Count - 1)].File;
                pieces.InsertRange(to, whole.Select(p => p with { File = file }));
                break;
            case Change.SpliceEntry when foreign >= 0:
                // The first field carries the entry's place in the counts; the foreign bytes follow as one.
                pieces[at] = Set(pieces[at], [.. other.Fields.Where(f => f.Entry == foreign).SelectMany(f => f.Bytes)]);
                pieces.RemoveRange(at + 1, count - 1);
                break;
        }
    }

    private static bool IsPunctuation(FuzzSeed seed, Piece piece) => piece.Field >= 0 && seed.Fields[piece.Field].Kind == FieldKind.Json
        && piece.Bytes is [(byte)'{' or (byte)'}' or (byte)'[' or (byte)']' or (byte)':' or (byte)',' or (byte)' ' or (byte)'\n', ..];

    private static Piece Set(Piece piece, byte[] bytes) => piece with { Bytes = bytes, Touched = true };

    private static int Times(uint value, int bytes) => Math.Clamp((int)(value % 3 == 0 ? value % 2000 : 1 + (value % 4)), 1, Math.Max(1, MaxBytes / 4 / Math.Max(bytes, 1)));

    /// <summary>A number a little larger or smaller, by its own place or by a multiple of 8; anything else one byte longer or shorter.</summary>
    private static byte[] Nudge(byte[] bytes, Field field, uint value)
    {
        if (field.Kind == FieldKind.Number)
        {
            byte[] nudged = [.. bytes];
            ulong step = (value & 0x3F) switch { < 16 => 1, < 24 => 2, < 32 => 8, < 40 => 32, < 48 => 64, _ => value >> 6 };
            ulong number = Numbers.Read(bytes, field.BigEndian);
            Numbers.Write(nudged, (value & 1) == 0 ? number + step : number - step, field.BigEndian);
            return nudged;
        }

        return (value & 1) == 0 && bytes.Length > 0 ? bytes[..^1] : [.. bytes, (byte)(value >> 8)];
    }
}
