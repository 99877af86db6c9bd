using System.Text;
using LlmToolkit.Formats.Safetensors;
using LlmToolkit.Formats.Tests.Shared;

namespace LlmToolkit.Formats.Tests.Safetensors;

public sealed class SafetensorsHeaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, byte[], string, string> Refused => new()
    {
        { "empty file", [], "LT1503", "0 bytes" },
        { "seven bytes", [1, 1, 1, 1, 1, 1, 1], "LT1100", "7 bytes" },
        { "length only", [0x3C, 0, 0, 0, 0, 0, 0, 0], "LT1101", "60" },
        { "length of 2^63", [0x3C, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF], "LT1101", "limit 0" },
        { "length 0", [0, 0, 0, 0, 0, 0, 0, 0, 1, 2], "LT1101", "length is 0" },
        { "LFS pointer", "version https://git-lfs.github.com/spec/v1\nsize 9000000000\n"u8.ToArray(), "LT1403", "9000000000" },
        { "server's error", "{\"error\":\"Repository not found\"}"u8.ToArray(), "LT1450", "Repository not found" },
        { "no UTF-8", File(new byte[] { 0xFF }), "LT1102", "UTF-8" },
        { "open brace", File("{"), "LT1103", "line 1" },
        { "array", File("[]"), "LT1103", "StartArray" },
        { "null", File("null"), "LT1103", "Null" },
        { "BOM", File("\uFEFF{}"), "LT1103", "byte 0" },
        { "NUL padding", File("{}\0\0"), "LT1103", "byte 2" },
        { "trailing text", File("{}x"), "LT1103", "byte 2" },
        { "NaN", File("{\"a\":NaN}"), "LT1103", "byte 5" },
        { "100,000 arrays deep", File("{\"a\":" + new string('[', 100_000) + new string(']', 100_000) + "}"), "LT1104", "a StartArray" },
        { "half a surrogate pair", File("{\"\\ud800\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1), "LT1103", "not Unicode" },
        { "60,000 objects deep", File(string.Concat(Enumerable.Repeat("{\"a\":", 60_000))), "LT1103", "byte 320" },
        { "entry is a number", File("{\"a\":1}"), "LT1104", "a Number" },
        { "no dtype", Tensor("\"shape\":[4],\"data_offsets\":[0,16]", 16), "LT1104", "no dtype" },
        { "no shape", Tensor("\"dtype\":\"F32\",\"data_offsets\":[0,16]", 16), "LT1104", "no shape" },
        { "no offsets", Tensor("\"dtype\":\"F32\",\"shape\":[4]", 16), "LT1104", "no data_offsets" },
        { "dtype is a number", Tensor("\"dtype\":3,\"shape\":[4],\"data_offsets\":[0,16]", 16), "LT1104", "a dtype that is a Number" },
        { "negative dimension", Tensor("\"dtype\":\"F32\",\"shape\":[-4],\"data_offsets\":[0,16]", 16), "LT1104", "shape" },
        { "dimension as 4.0", Tensor("\"dtype\":\"F32\",\"shape\":[4.0],\"data_offsets\":[0,16]", 16), "LT1104", "shape" },
        { "dimension as 4e0", Tensor("\"dtype\":\"F32\",\"shape\":[4e0],\"data_offsets\":[0,16]", 16), "LT1104", "shape" },
        { "dimension as text", Tensor("\"dtype\":\"F32\",\"shape\":[\"4\"],\"data_offsets\":[0,16]", 16), "LT1104", "shape" },
        { "dimension of 400 digits", Tensor($"\"dtype\":\"F32\",\"shape\":[{new string('9', 400)}],\"data_offsets\":[0,16]", 16), "LT1104", "shape" },
        { "shape is text", Tensor("\"dtype\":\"F32\",\"shape\":\"4\",\"data_offsets\":[0,16]", 16), "LT1104", "no array" },
        { "65 dimensions", Tensor($"\"dtype\":\"U8\",\"shape\":[{string.Join(',', Enumerable.Repeat(1, 65))}],\"data_offsets\":[0,1]", 1), "LT1104", "more than 64" },
        { "three offsets", Tensor("\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,8,16]", 16), "LT1104", "more than 2" },
        { "one offset", Tensor("\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[16]", 16), "LT1104", "1 data_offsets" },
        { "offsets reversed", Tensor("\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[16,0]", 16), "LT1104", "[16, 0]" },
        { "dtype in lower case", Tensor("\"dtype\":\"f32\",\"shape\":[4],\"data_offsets\":[0,16]", 16), "LT1105", "\"f32\"" },
        { "dtype FP16", Tensor("\"dtype\":\"FP16\",\"shape\":[4],\"data_offsets\":[0,8]", 8), "LT1105", "\"FP16\"" },
        { "a ggml dtype", Tensor("\"dtype\":\"Q8_0\",\"shape\":[32],\"data_offsets\":[0,34]", 34), "LT1105", "\"Q8_0\"" },
        { "dtype twice", Tensor("\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]", 16), "LT1106", "t.dtype" },
        { "tensor twice", File("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4), "LT1106", "\"a\"" },
        { "metadata twice", File("{\"__metadata__\":{\"format\":\"pt\"},\"__metadata__\":{\"format\":\"evil\"}}"), "LT1106", "__metadata__" },
        { "2 by 2^64-2", Tensor("\"dtype\":\"I32\",\"shape\":[2,18446744073709551614],\"data_offsets\":[0,16]", 16), "LT1107", "18446744073709551614" },
        { "2 by 2^63-1", Tensor("\"dtype\":\"I32\",\"shape\":[2,9223372036854775807],\"data_offsets\":[0,16]", 16), "LT1107", "63 bits" },
        { "bytes past 2^63", Tensor("\"dtype\":\"I64\",\"shape\":[2305843009213693952],\"data_offsets\":[0,16]", 16), "LT1107", "63 bits" },
        { "shape larger than offsets", Tensor("\"dtype\":\"I32\",\"shape\":[2,2],\"data_offsets\":[0,4]", 4), "LT1108", "16 bytes" },
        { "half a byte", Tensor("\"dtype\":\"F4\",\"shape\":[1,3],\"data_offsets\":[0,1]", 1), "LT1108", "no whole number" },
        { "first tensor at 8", Tensor("\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[8,24]", 24), "LT1109", "begin at 0" },
        { "ten tensors on one range", File("{" + string.Join(',', Enumerable.Range(0, 10).Select(i => $"\"w{i}\":{{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}")) + "}", 16), "LT1109", "begin at 16" },
        { "overlap in part", Pair("0,16", "8,24", 24), "LT1109", "[8, 24)" },
        { "gap", Pair("0,16", "24,40", 40), "LT1109", "begin at 16" },
        { "two bytes missing", Tensor("\"dtype\":\"I32\",\"shape\":[2,2],\"data_offsets\":[0,16]", 14), "LT1110", "incomplete" },
        { "bytes appended", Tensor("\"dtype\":\"I32\",\"shape\":[2,2],\"data_offsets\":[0,16]", 24), "LT1110", "8 bytes too many" },
        { "offsets past 2^63", Tensor("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[18446744073709551614,18446744073709551615]", 1), "LT1109", "begin at 0" },
        { "metadata value is a number", File("{\"__metadata__\":{\"a\":1}}"), "LT1111", "a Number" },
        { "metadata value is an object", File("{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}"), "LT1111", "a StartObject" },
        { "metadata is a text", File("{\"__metadata__\":\"a\"}"), "LT1111", "a String" },
        { "name of 70,000 bytes", File($"{{\"{new string('n', 70_000)}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}}}"), "LT1112", "65536" },
    };

    public static TheoryData<string, byte[], int> Accepted => new()
    {
        { "two bytes of header", File("{}"), 0 },
        { "blanks after", File("{}\r \t\n"), 0 },
        { "blanks before", File("\t\n{}\r "), 0 },
        { "null metadata", File("{\"__metadata__\":null}"), 0 },
        { "scalar", Tensor("\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[0,4]", 4), 1 },
        { "no elements", Tensor("\"dtype\":\"I32\",\"shape\":[2,0],\"data_offsets\":[0,0]", 0), 1 },
        { "two to a byte", Tensor("\"dtype\":\"F4\",\"shape\":[1,2],\"data_offsets\":[0,1]", 1), 1 },
        { "four to three bytes", Tensor("\"dtype\":\"F6_E2M3\",\"shape\":[4],\"data_offsets\":[0,3]", 3), 1 },
        { "unknown member", Tensor("\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"new\":{\"a\":[1]}", 1), 1 },
        { "nameless", File("{\"\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1), 1 },
        { "not in the order of the data", Pair("16,32", "0,16", 32), 2 },
        { "smallest file of the reference", [8, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20], 0 },
    };

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Refused))]
    public void Open_BadBytes_SaysWhatAndWhere(string name, byte[] file, string code, string detail)
    {
        ModelArtifact artifact = _folder.ArtifactOf("m.safetensors", file);

        ModelException error = Assert.Throws<ModelException>(() => new SafetensorsFormat().Open(artifact));

        Assert.True(error.Diagnostic.Code == code, $"{name}: {error.Diagnostic.Code} {error.Message}");
        Assert.Contains(detail, error.Message + error.Diagnostic.Evidence + error.Diagnostic.Cause, StringComparison.Ordinal);
        Assert.NotEmpty(error.Diagnostic.Fixes);
    }

    [Theory, MemberData(nameof(Accepted))]
    public void Open_SoundBytes_GivesTensors(string name, byte[] file, int tensors)
    {
        using ModelContainer model = new SafetensorsFormat().Open(_folder.ArtifactOf("m.safetensors", file));

        Assert.True(tensors == model.Tensors.Count, name);
        foreach (TensorInfo tensor in model.Tensors)
        {
            using TensorData data = model.Read(tensor);
            Assert.Equal(tensor.Shape.Rows, data.Rows);
        }
    }

    [Fact]
    public void Describe_CutFile_GivesTensorsAndFinding()
    {
        byte[] file = Pair("0,16", "16,32", 30);
        using ModelDescription description = new SafetensorsFormat().Describe(_folder.ArtifactOf("m.safetensors", file));

        Assert.Equal("LT1110", Assert.Single(description.Findings).Code);
        Assert.Equal(2, description.Tensors.Count);
        using TensorData? first = description.TryRead(description.Tensors[0]);
        Assert.NotNull(first);
        Assert.Null(description.TryRead(description.Tensors[1]));
    }

    [Fact]
    public void Open_RandomMutations_ThrowNothingButModelException()
    {
        byte[] sound = File("{\"__metadata__\":{\"format\":\"pt\"},\"a\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},\"b\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[16,24]}}", 24);
        Random random = new(5);
        for (int i = 0; i < 2000; i++)
        {
            byte[] file = [.. sound];
            for (int n = random.Next(1, 4); n > 0; n--)
            {
                file[random.Next(random.Next(2) == 0 ? 40 : file.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)"{}[]\",:0129eE.-\\u "[random.Next(18)];
            }

            // A name of its own each: some file systems flush a file that is cut and written again.
            string path = _folder.Write($"{i}.safetensors", random.Next(8) == 0 ? file[..random.Next(file.Length)] : file);
            try
            {
                using ModelDescription description = new SafetensorsFormat().Describe(ModelArtifact.FromPath(path));
                foreach (TensorInfo tensor in description.Tensors)
                {
                    description.TryRead(tensor)?.Dispose();
                }
            }
            catch (ModelException)
            {
            }
        }
    }

    private static byte[] File(string header, int data = 0) => File(Encoding.UTF8.GetBytes(header), data);

    private static byte[] File(byte[] header, int data = 0) => [.. BitConverter.GetBytes((ulong)header.Length), .. header, .. new byte[data]];

    private static byte[] Tensor(string members, int data) => File($"{{\"t\":{{{members}}}}}", data);

    private static byte[] Pair(string first, string second, int data) =>
        File($"{{\"a\":{{\"dtype\":\"U8\",\"shape\":[16],\"data_offsets\":[{first}]}},\"b\":{{\"dtype\":\"U8\",\"shape\":[16],\"data_offsets\":[{second}]}}}}", data);
}
