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
    public void Span_OfAFileThatIsCutWhileItIsRead_GivesZerosAndIsReported()
    {
        Assert.SkipUnless(MappingGuard.IsActive, "Mappings are guarded on Linux for x64.");
        string path = _folder.Write("f", [.. Enumerable.Repeat((byte)7, 1 << 16)]);
        MappedFile file = MappedFile.Open(new ArtifactFile(path, 0));
        file.ThrowIfChanged();
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            stream.SetLength(5000);
        }

        // From the last byte to the first, so that one page after the other is met; from several threads at once.
        long[] sums = new long[4];
        Parallel.For(0, 4, t =>
        {
            for (long at = file.Length - 1; at >= 0; at--)
            {
                sums[t] += file.Span(at, 1)[0];
            }
        });
        Assert.All(sums, s => Assert.Equal(7 * 5000, s));
        Diagnostic d = Assert.Throws<ModelException>(file.ThrowIfChanged).Diagnostic;
        Assert.Equal("LT1504", d.Code);
        Assert.Contains("had 65536 bytes when it was opened and has 5000 now", d.Message, StringComparison.Ordinal);
        file.Release();
    }

    [Fact]
    public void ThrowIfChanged_AfterTheFileGrewBackToItsLength_StillTells()
    {
        Assert.SkipUnless(MappingGuard.IsActive, "Mappings are guarded on Linux for x64.");
        string path = _folder.Write("f", new byte[100_000]);
        DateTime written = File.GetLastWriteTimeUtc(path);
        MappedFile file = MappedFile.Open(new ArtifactFile(path, 0));
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            stream.SetLength(0);
            Assert.Equal(0, file.Span(99_999, 1)[0]);
            stream.SetLength(100_000);
        }

        File.SetLastWriteTimeUtc(path, written);
        Assert.Equal("LT1504", Assert.Throws<ModelException>(file.ThrowIfChanged).Diagnostic.Code);
        file.Release();
    }

    [Fact]
    public void ThrowIfChanged_FileReplacedByRenaming_GoesOnWithTheOldBytes()
    {
        string path = _folder.Write("f", [1, 2, 3, 4]);
        MappedFile file = MappedFile.Open(new ArtifactFile(path, 0));
        File.Move(_folder.Write("new", [5, 6, 7, 8, 9]), path, overwrite: true);

        file.ThrowIfChanged();
        Assert.Equal([1, 2, 3, 4], file.Span(0, 4).ToArray());
        MappedFile next = MappedFile.Open(new ArtifactFile(path, 0));
        Assert.Equal([5, 6, 7, 8, 9], next.Span(0, 5).ToArray());
        file.Release();
        next.Release();
    }

    [Fact]
    public void ThrowIfChanged_FileWrittenTo_Tells()
    {
        string path = _folder.Write("f", new byte[100]);
        MappedFile file = MappedFile.Open(new ArtifactFile(path, 0));
        Thread.Sleep(20);
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
        {
            stream.Write([1]);
        }

        Assert.Contains("written to", Assert.Throws<ModelException>(file.ThrowIfChanged).Diagnostic.Evidence, StringComparison.Ordinal);
        file.Release();
    }

    [Fact]
    public void Open_ManyFilesAtOnce_GuardsEachUntilItIsReleased()
    {
        Assert.SkipUnless(MappingGuard.IsActive, "Mappings are guarded on Linux for x64.");
        for (int round = 0; round < 3; round++)
        {
            string[] paths = [.. Enumerable.Range(0, 300).Select(i => _folder.Write($"{round}-{i}", new byte[9000]))];
            MappedFile[] files = [.. paths.Select(p => MappedFile.Open(new ArtifactFile(p, 0)))];
            for (int i = 0; i < paths.Length; i += 7)
            {
                using FileStream stream = new(paths[i], FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
                stream.SetLength(1);
            }

            for (int i = 0; i < files.Length; i++)
            {
                Assert.Equal(0, files[i].Span(8999, 1)[0]);
                Assert.Equal(i % 7 == 0, Record.Exception(files[i].ThrowIfChanged) is ModelException);
                files[i].Release();
            }
        }
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
