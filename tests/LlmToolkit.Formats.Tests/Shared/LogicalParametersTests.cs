using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.Tests.Shared;

public sealed class LogicalParametersTests
{
    private static readonly ArtifactFile s_file = new("/m", 1);

    /// <summary>Tensors as "name dtype rows cols", and the parameters by hand.</summary>
    public static TheoryData<string, string[], long> Checkpoints => new()
    {
        { "plain", ["a.weight F32 4 8", "b.scale F32 1 4", "c.weight_scale F32 1 1"], 37 },
        { "GPTQ, 4 bits", ["m.qweight I32 8 16", "m.qzeros I32 2 2", "m.scales F16 2 16", "m.g_idx I32 1 64"], 64 * 16 },
        { "GPTQ, 8 bits", ["m.qweight I32 16 16", "m.qzeros I32 2 4", "m.scales F16 2 16", "m.g_idx I32 1 64"], 64 * 16 },
        { "GPTQ, 3 bits", ["m.qweight I32 6 32", "m.qzeros I32 2 3", "m.scales F16 2 32"], 64 * 32 },
        { "AWQ", ["m.qweight I32 64 2", "m.qzeros I32 2 2", "m.scales F16 2 16"], 64 * 16 },
        { "bitsandbytes, 4 bits", ["m.weight U8 512 1", "m.weight.absmax F32 1 16", "m.weight.quant_map F32 1 16", "m.weight.quant_state.bitsandbytes__nf4 U8 1 170"], 1024 },
        { "bitsandbytes, 8 bits", ["m.weight I8 16 64", "m.SCB F32 1 16"], 1024 },
        { "FP8 blocks", ["m.weight F8_E4M3 128 128", "m.weight_scale_inv F32 1 1"], 128 * 128 },
        { "MXFP4 experts", ["e.gate_up_proj_blocks U8 32 16", "e.gate_up_proj_scales U8 1 32", "e.gate_up_proj_bias BF16 1 32"], 1024 + 32 },
        { "compressed-tensors", ["m.weight_packed I32 16 8", "m.weight_scale BF16 16 2", "m.weight_shape I64 1 2"], 16 * 64 },
        { "NVFP4", ["m.weight_packed U8 16 32", "m.weight_scale F8_E4M3 16 4", "m.weight_global_scale F32 1 1"], 16 * 64 },
        { "damaged: no scales", ["m.qweight I32 8 16", "m.qzeros I32 0 0"], 8 * 16 * 8 },
    };

    [Theory, MemberData(nameof(Checkpoints))]
    public void Count_PackedWeights_AreWhatTheyHold(string name, string[] tensors, long expected)
    {
        long? found = LogicalParameters.Count([.. tensors.Select(t => t.Split(' ')).Select(t => new TensorInfo
        {
            Name = t[0],
            DType = DTypes.Find(t[1])!,
            Shape = [long.Parse(t[2]), long.Parse(t[3])],
            File = s_file,
            Offset = 0,
            Bytes = 0,
        })]);

        Assert.True(expected == found, $"{name}: {found}, expected {expected}");
    }
}
