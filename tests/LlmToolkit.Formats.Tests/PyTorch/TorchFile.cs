using System.IO.Compression;
using System.Text;
using LlmToolkit.Formats.PyTorch.Pickle;

namespace LlmToolkit.Tests.PyTorch;

/// <summary>Builds files as torch.save would, and as it never would, in a folder that is deleted afterwards.</summary>
internal sealed class TorchFile : IDisposable
{
    /// <summary>A dict with one 2 x 2 float tensor "w" over storage 0.</summary>
    public static byte[] GoodPickle => Pickle(p => Tensor(p.Op(PickleOp.EmptyDict).Text("w")).Op(PickleOp.SetItem));

    /// <summary>The values 1, 2, 3, 4.</summary>
    public static byte[] Four => [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40];

    private TorchFile(string folder) => Folder = folder;

    public string Folder { get; }

    public static TorchFile Create() => new(Directory.CreateTempSubdirectory("torch-file-").FullName);

    public static byte[] Pickle(Action<PickleWriter> body)
    {
        PickleWriter writer = new();
        body(writer);
        return writer.Finish();
    }

    public static PickleWriter Tensor(
        PickleWriter pickle, string kind = "FloatStorage", string key = "0", long count = 4, long offset = 0, long[]? shape = null, long[]? strides = null, string module = "torch", string location = "cpu")
    {
        pickle.Global("torch._utils", "_rebuild_tensor_v2").Op(PickleOp.Mark);
        Storage(pickle, kind, key, count, module, location).Integer(offset).Integers(shape ?? [2, 2]).Integers(strides ?? [2, 1]).Op(PickleOp.NewFalse);
        return pickle.Global("collections", "OrderedDict").Op(PickleOp.EmptyTuple).Op(PickleOp.Reduce).Op(PickleOp.Tuple).Op(PickleOp.Reduce);
    }

    public static PickleWriter Storage(PickleWriter pickle, string kind, string key, long count, string module = "torch", string location = "cpu") =>
        pickle.Op(PickleOp.Mark).Text("storage").Global(module, kind).Text(key).Text(location).Integer(count).Op(PickleOp.Tuple).Op(PickleOp.BinPersId);

    /// <summary>A zip of .NET's own writer: the data lie where they fall, other than torch's.</summary>
    public static byte[] Zip(byte[] pickle, CompressionLevel level = CompressionLevel.NoCompression, string root = "some model", params (string Name, byte[] Content)[] entries)
    {
        using MemoryStream bytes = new();
        using (System.IO.Compression.ZipArchive zip = new(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            (string, byte[])[] all = [("data.pkl", pickle), .. entries];
            foreach ((string name, byte[] content) in all)
            {
                using Stream entry = zip.CreateEntry($"{root}/{name}", level).Open();
                entry.Write(content);
            }
        }

        return bytes.ToArray();
    }

    public static byte[] GoodZip => Zip(GoodPickle, entries: [("data/0", Four), ("version", "3\n"u8.ToArray())]);

    public static byte[] Latin1(string text) => Encoding.Latin1.GetBytes(text);

    public ModelArtifact Write(byte[] content, string name = "model.pt")
    {
        string path = Path.Combine(Folder, name);
        File.WriteAllBytes(path, content);
        return ModelArtifact.FromPath(path);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
