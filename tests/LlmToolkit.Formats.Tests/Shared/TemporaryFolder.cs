namespace LlmToolkit.Formats.Tests.Shared;

/// <summary>A folder of a test's own, deleted with it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("llmtk-test-").FullName;

    public ModelArtifact Artifact => ModelArtifact.FromPath(Path);

    public string Write(string name, byte[] bytes)
    {
        string path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public string Write(string name, string text) => Write(name, System.Text.Encoding.UTF8.GetBytes(text));

    public ModelArtifact ArtifactOf(string name, byte[] bytes) => ModelArtifact.FromPath(Write(name, bytes));

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
