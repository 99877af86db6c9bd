using System.Globalization;
using System.Text.RegularExpressions;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Gguf;

/// <summary>Sets of files <c>NAME-00001-of-00003.gguf</c>, as llama-gguf-split writes them.</summary>
internal static partial class GgufSplit
{
    /// <summary>Every part of the set that a file belongs to, in order; the file alone when it is no part.</summary>
    /// <exception cref="ModelException">Parts are missing, or the name does not tell theirs.</exception>
    public static IReadOnlyList<ArtifactFile> Parts(MappedFile map, GgufHeader header)
    {
        ArtifactFile file = map.File;
        long count = header.Metadata.Int64("split.count") ?? 1;
        if (count <= 1)
        {
            return [file];
        }

        if (header.IsFollowedByGguf)
        {
            throw new ModelException(GgufErrors.JoinedParts(file.Path, count));
        }

        Match name = Name().Match(file.Name);
        if (!name.Success || long.Parse(name.Groups["count"].ValueSpan, CultureInfo.InvariantCulture) != count || count > GgufConstants.MaxParts)
        {
            throw new ModelException(GgufErrors.SplitName(file.Path, count));
        }

        string folder = Path.GetDirectoryName(file.Path) ?? "";
        List<ArtifactFile> parts = [];
        List<string> missing = [];
        for (int i = 1; i <= count; i++)
        {
            string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{name.Groups["prefix"].Value}-{i:D5}{name.Groups["end"].Value}"));
            if (File.Exists(path))
            {
                parts.Add(path == file.Path ? file : new ArtifactFile(path, new FileInfo(path).Length));
            }
            else
            {
                missing.Add(Path.GetFileName(path));
            }
        }

        return missing.Count == 0 ? parts : throw new ModelException(GgufErrors.PartsMissing(file.Path, missing, count));
    }

    /// <summary>Checks that the parts belong together.</summary>
    /// <exception cref="ModelException">They do not.</exception>
    public static void Check(IReadOnlyList<ArtifactFile> parts, IReadOnlyList<GgufHeader> headers)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        for (int i = 0; i < parts.Count; i++)
        {
            Expect(parts[i], headers[i], "split.no", i);
            Expect(parts[i], headers[i], "split.count", parts.Count);
            foreach (TensorInfo tensor in headers[i].Tensors)
            {
                if (!names.Add(tensor.Name))
                {
                    throw new ModelException(GgufErrors.DuplicateTensor(parts[i].Path, tensor.Name));
                }
            }
        }

        if (headers[0].Metadata.Int64("split.tensors.count") is { } total && total != names.Count)
        {
            throw new ModelException(GgufErrors.PartTensors(parts[0].Path, names.Count, total));
        }
    }

    /// <summary>Number and count of a piece by names such as <c>m.gguf.part1of3</c>, <c>m.gguf-split-a</c> and <c>m.gguf.001</c>; null: it is named like a whole file. A count of 0 is not told.</summary>
    public static (int Number, int Count)? Piece(string fileName)
    {
        Match piece = PieceName().Match(fileName);
        if (!piece.Success)
        {
            return null;
        }

        string letter = piece.Groups["letter"].Value;
        return letter.Length > 0
            ? (letter.Aggregate(0, (number, c) => (number * 26) + char.ToLowerInvariant(c) - 'a') + 1, 0)
            : (int.Parse(piece.Groups["number"].ValueSpan, CultureInfo.InvariantCulture), piece.Groups["count"].Success ? int.Parse(piece.Groups["count"].ValueSpan, CultureInfo.InvariantCulture) : 0);
    }

    private static void Expect(ArtifactFile part, GgufHeader header, string key, long expected)
    {
        long? found = header.Metadata.Int64(key);
        if (found != expected)
        {
            throw new ModelException(GgufErrors.PartMismatch(part.Path, key, found?.ToString(CultureInfo.InvariantCulture) ?? "absent", $"{expected}"));
        }
    }

    [GeneratedRegex(@"^(?<prefix>.*)-(?<number>\d{5})(?<end>-of-(?<count>\d{5})\.gguf)$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Name();

    [GeneratedRegex(@"\.gguf[.-](?:(?:(?:part|split)[.-]?)?(?<number>\d{1,5})(?:-?of-?(?<count>\d{1,5}))?|(?:part|split)[.-]?(?<letter>[a-z]{1,2})|(?<letter>a[a-z]))$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex PieceName();
}
