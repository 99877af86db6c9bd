using LlmToolkit.Formats.Safetensors;

namespace LlmToolkit.Tests.Loading;

/// <summary>A folder that is deleted with the test, and the files that tests put there.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("llmtk-tests-").FullName;

    /// <summary>The model that is packed into the tool.</summary>
    public static string PackedModel => System.IO.Path.Combine(SharedData.Repository, "src", "LlmToolkit.Cli", "Models", "tiny-stories-q8_0.gguf");

    public string File(string name, params byte[] bytes)
    {
        string path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllBytes(path, bytes);
        return path;
    }

    public string File(string name, string text) => File(name, System.Text.Encoding.UTF8.GetBytes(text));

    /// <summary>A safetensors file with one tensor and no configuration.</summary>
    public string BareWeights(string name = "weights.safetensors")
    {
        string path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        using SafetensorsWriter writer = SafetensorsWriter.Create(path);
        writer.Declare("w", DTypes.F32, [2, 3]);
        writer.Write(new float[6]);
        writer.Complete();
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
