using System.Buffers.Binary;
using LlmToolkit.Formats.HuggingFace;
using LlmToolkit.Formats.PyTorch.Pickle;

namespace LlmToolkit.Formats.PyTorch;

/// <summary>PyTorch's own files (.bin .pt .pth .ckpt), read without running anything in them.</summary>
internal sealed class PyTorchFormat : IWeightFormat
{
    /// <inheritdoc/>
    public string Name => "pytorch";

    /// <inheritdoc/>
    public string Summary => "PyTorch checkpoints (torch.save: zip and the older form), single or sharded; read by an interpreter that builds tensors and nothing else";

    /// <inheritdoc/>
    public FormatMatch Probe(ModelArtifact artifact, ProbeBytes bytes)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        if (artifact.IsDirectory)
        {
            return FormatMatch.None;
        }

        if (artifact.Path.EndsWith(".bin.index.json", StringComparison.Ordinal) && bytes.Head.IndexOf("weight_map"u8) >= 0)
        {
            return new FormatMatch(0.9, "an index of PyTorch shards");
        }

        return PyTorchHeader.Guess(bytes.Head) switch
        {
            PyTorchLayout.Zip => ProbeZip(bytes),
            PyTorchLayout.Legacy => new FormatMatch(1, "begins with torch.save's magic number (the form before torch 1.6)"),
            PyTorchLayout.BarePickle => new FormatMatch(0.6, $"begins like a pickle of protocol {bytes.Head[1]}", "not written by torch.save"),
            PyTorchLayout.Unknown when PickleScan.LooksLikeText(bytes.Head) => new FormatMatch(0.4, "begins like a pickle of protocol 0 or 1", "not written by torch.save"),
            _ => FormatMatch.None,
        };
    }

    /// <inheritdoc/>
    public ModelContainer Open(ModelArtifact artifact)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        return PyTorchContainer.Open(artifact);
    }

    /// <inheritdoc/>
    public ModelContainer OpenWeights(ModelArtifact artifact)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        return PyTorchContainer.OpenStateDict(artifact);
    }

    /// <inheritdoc/>
    public ModelDescription Describe(ModelArtifact artifact)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        PyTorchSet set = PyTorchSet.Read(artifact);
        if (set.Refusal is null)
        {
            return new ModelDescription(PyTorchContainer.Open(set));
        }

        Dictionary<string, PyTorchTensor> tensors = set.Tensors.ToDictionary(t => t.Info.Name, StringComparer.Ordinal);
        return new ModelDescription(artifact, set.Findings, t => tensors.TryGetValue(t.Name, out PyTorchTensor? known) && known.Info.Offset >= 0 ? PyTorchValues.ReadAlone(set.Maps[known.Info.File.Path], known) : null)
        {
            Files = set.Files,
            Info = set.Header.Layout is PyTorchLayout.Unknown or PyTorchLayout.Tar ? null : PyTorchModelInfo.Of(set.Header, set.Files, set.Tensors, set.IsComplete && set.Tensors.Count > 0),
            Metadata = PyTorchMetadata.Of(set.Root),
            Tensors = [.. set.Tensors.Select(t => t.Info)],
            Opaque = set.Opaque,
            Imports = set.Imports,
            Resource = set,
        };
    }

    /// <summary>A zip is PyTorch's when its first entry, or its directory as far as it is seen, names data.pkl; with constants.pkl it is a program.</summary>
    private static FormatMatch ProbeZip(ProbeBytes bytes)
    {
        bool isScript = bytes.Tail.IndexOf("/constants.pkl"u8) >= 0 || bytes.Head.IndexOf("/constants.pkl"u8) >= 0;
        if (isScript)
        {
            return FormatMatch.None with { Recognised = "torchscript", Reason = "a zip with constants.pkl: a TorchScript program" };
        }

        bool hasEnd = bytes.Tail.IndexOf("PK\u0005\u0006"u8) >= 0;
        if (FirstName(bytes.Head).EndsWith("/data.pkl"u8))
        {
            return hasEnd || bytes.Tail.IsEmpty
                ? new FormatMatch(1, "a zip whose first entry is data.pkl")
                : new FormatMatch(0.8, "a zip whose first entry is data.pkl; its directory is missing", "the file seems to be cut off");
        }

        return bytes.Tail.IndexOf("/data.pkl"u8) >= 0 ? new FormatMatch(0.95, "a zip that holds data.pkl") : FormatMatch.None;
    }

    private static ReadOnlySpan<byte> FirstName(ReadOnlySpan<byte> head)
    {
        const int Fixed = 30;
        int length = head.Length < Fixed ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(head[26..]);
        return head.Length < Fixed + length ? [] : head.Slice(Fixed, length);
    }
}
