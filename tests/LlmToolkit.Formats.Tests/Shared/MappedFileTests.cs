using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Tests.Shared;

public sealed class MappedFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_EmptyFile_HasNoBytes()
    {
        MappedFile file = MappedFile.Open(new ArtifactFile(_folder.Write("empty", []), 0));

        Assert.Equal(0, file.Length);
        Assert.True(file.Head(10).IsEmpty);
        file.Release();
    }

    [Fact]
    public void Open_MissingFileAndDirectory_SayWhichTheyAre()
    {
        Assert.Equal("LT1500", Assert.Throws<ModelException>(() => MappedFile.Open(new ArtifactFile(Path.Combine(_folder.Path, "none"), 0))).Diagnostic.Code);
        Assert.Equal("LT1502", Assert.Throws<ModelException>(() => MappedFile.Open(new ArtifactFile(_folder.Path, 0))).Diagnostic.Code);
    }

    [Fact]
    public void Open_Pipe_IsNotWaitedFor()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "mkfifo is a Unix tool.");
        string path = Path.Combine(_folder.Path, "pipe");
        using (System.Diagnostics.Process? process = System.Diagnostics.Process.Start("mkfifo", path))
        {
            process.WaitForExit();
        }

        foreach (string special in (string[])[path, "/dev/zero"])
        {
            foreach (IModelFormat format in DefaultFormats.All.Where(f => f.Name is "gguf" or "safetensors"))
            {
                Assert.Equal("LT1507", Assert.Throws<ModelException>(() => format.Open(ModelArtifact.FromPath(special))).Diagnostic.Code);
            }
        }
    }

    [Fact]
    public void Tensor_AfterTheFileWasCut_IsRefused()
    {
        string path = _folder.Write("f", new byte[10_000]);
        MappedFile file = MappedFile.Open(new ArtifactFile(path, 0));
        TensorInfo tensor = new() { Name = "t", DType = DTypes.U8, Shape = [10], File = file.File, Offset = 9_000, Bytes = 10 };
        file.Tensor(tensor).Dispose();
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            stream.SetLength(100);
        }

        Assert.Equal("LT1504", Assert.Throws<ModelException>(() => file.Tensor(tensor)).Diagnostic.Code);
        file.Release();
    }

    [Fact]
    public void Release_WhileATensorIsHeld_KeepsItsBytes()
    {
        MappedFile file = MappedFile.Open(new ArtifactFile(_folder.Write("f", [1, 2, 3, 4]), 0));
        using TensorData data = file.Tensor(new TensorInfo { Name = "t", DType = DTypes.U8, Shape = [4], File = file.File, Offset = 0, Bytes = 4 });
        file.Release();

        Assert.Equal([1, 2, 3, 4], data.Row(0).ToArray());
    }

    [Fact]
    public void Text_ControlCharacters_AreShownAsEscapes()
    {
        Assert.Equal("a\\u001b[2J\\u000a\\u200eb", Shown.Text("a\u001b[2J\n\u200eb"));
        Assert.Equal(121, Shown.Text(new string('x', 500)).Length);
    }
}
