using LlmToolkit.Fuzz;

namespace LlmToolkit.Formats.Tests.Properties;

/// <summary>Valid files with 1 to 3 fields changed: each is read or refused, in bounded time and memory, and what is accepted keeps what an open container promises.</summary>
/// <remarks>A failure prints the input; <c>fuzz/README.md</c> says how to run many more.</remarks>
public sealed class ContainerPropertyTests
{
    [Fact]
    public void Gguf_Mutated_IsReadOrRefused() => Holds(new GgufTarget());

    [Fact]
    public void Safetensors_Mutated_IsReadOrRefused() => Holds(new SafetensorsTarget());

    [Fact]
    public void PyTorch_Mutated_IsReadOrRefused() => Holds(new PyTorchTarget());

    [Fact]
    public void HuggingFace_Mutated_IsReadOrRefused() => Holds(new HuggingFaceTarget());

    [Fact]
    public void Onnx_Mutated_IsReadOrRefused() => Holds(new OnnxTarget());

    private static void Holds(FuzzTarget target)
    {
        using (target)
        {
            Assert.Empty(target.RefusedSeeds());
            Assert.Null(PropertyRun.FirstViolation(target));
        }
    }
}
