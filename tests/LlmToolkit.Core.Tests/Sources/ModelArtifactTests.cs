namespace LlmToolkit.Core.Tests.Sources;

public sealed class ModelArtifactTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmtk-core-").FullName;

    [Fact]
    public void FromPath_Folder_ListsItsFilesInOrdinalOrder()
    {
        foreach (string name in (string[])["b.bin", "B.bin", "a.bin"])
        {
            File.WriteAllBytes(Path.Combine(_folder, name), [1, 2]);
        }

        Directory.CreateDirectory(Path.Combine(_folder, "inner"));
        ModelArtifact artifact = ModelArtifact.FromPath(_folder);

        Assert.True(artifact.IsDirectory);
        Assert.Equal(["B.bin", "a.bin", "b.bin"], artifact.Files.Select(f => f.Name));
        Assert.Equal(2, artifact.Find("a.bin")!.Length);
        Assert.Null(artifact.Find("c.bin"));
    }

    [Fact]
    public void FromPath_Links_AreFollowedForTheirLength()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need rights on Windows.");
        string target = Path.Combine(_folder, "blob");
        File.WriteAllBytes(target, new byte[77]);
        File.CreateSymbolicLink(Path.Combine(_folder, "link"), target);
        File.CreateSymbolicLink(Path.Combine(_folder, "nowhere"), Path.Combine(_folder, "absent"));

        Assert.Equal(77, ModelArtifact.FromPath(Path.Combine(_folder, "link")).Files[0].Length);
        Assert.Equal(0, ModelArtifact.FromPath(_folder).Find("nowhere")!.Length);
    }

    [Fact]
    public void FromPath_Nothing_Throws() => Assert.Throws<FileNotFoundException>(() => ModelArtifact.FromPath(Path.Combine(_folder, "absent")));

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
