using System.Text.Json;
using LlmToolkit.Text;

namespace LlmToolkit.Tests.Tokenizers;

/// <summary>tokenizer.json, vocab.json with merges.txt and vocab.txt, against the reference libraries.</summary>
public class TokenizerFilesTests
{
    public static TheoryData<string> Synthetic => Folders("tokenizers-synthetic");

    public static TheoryData<string> Directories => Folders("tokenizer-dirs");

    public static TheoryData<string> Models => Folders("models");

    [Theory, MemberData(nameof(Synthetic))]
    public void Encode_Synthetic_EqualsReference(string name) => RunCases("tokenizers-synthetic", name);

    [Theory, MemberData(nameof(Directories))]
    public void Encode_VocabularyFiles_EqualsReference(string name) => RunCases("tokenizer-dirs", name);

    [Theory]
    [InlineData("qwen1")]
    [InlineData("tekken")]
    public void Encode_RankFile_EqualsTiktoken(string name) => RunCases("tiktoken", name);

    [Theory, MemberData(nameof(Models))]
    public void Encode_ModelDirectory_JsonAndModelAgree(string name)
    {
        string folder = SharedData.Conformance("models", name);
        Assert.SkipUnless(File.Exists(Path.Combine(folder, "tokenizer.json")), "no tokenizer.json");
        Tokenizer json = TokenizerFactory.Create(TokenizerSources.FromPath(folder));
        Assert.True(json.VocabularySize > 0);
        string model = Path.Combine(folder, "tokenizer.model");
        Tokenizer? spm = File.Exists(model) ? TokenizerFactory.Create(TokenizerSources.FromPath(model)) : null;
        Misses misses = new(name);
        foreach (string text in SharedTexts.Lines())
        {
            int[] ids = [.. json.Encode(text, null, new EncodeOptions { AddSpecial = false }).Ids];
            misses.Equal($"prompt {Misses.Show(text)}", json.Encode(text).Ids, json.Encode(Prompt.FromText(text)));
            if (spm is not null)
            {
                misses.Equal($"spm {Misses.Show(text)}", ids, spm.Encode(text, null, new EncodeOptions { AddSpecial = false }).Ids);
            }

            StreamingDecoder decoder = json.CreateDecoder(false);
            string streamed = string.Concat(ids.Select(decoder.Push)) + decoder.Flush();
            misses.Text($"stream {Misses.Show(text)}", json.Decode(ids), streamed);
        }

        misses.AssertNone();
    }

    [Fact]
    public void Encode_TinyStories_ThreeSourcesAgree()
    {
        string folder = SharedData.Require("models", "tiny-stories");
        Tokenizer json = TokenizerFactory.Create(TokenizerSources.FromPath(Path.Combine(folder, "tokenizer.json")));
        Tokenizer model = TokenizerFactory.Create(TokenizerSources.FromPath(Path.Combine(folder, "tokenizer.model")));
        Tokenizer gguf = TokenizerFactory.Create(new TokenizerSource { Metadata = MiniGguf.Open(Path.Combine(folder, "tiny-stories-f16.gguf")) });
        string[] texts = [.. File.ReadLines(Path.Combine(folder, "samples.txt")).Concat(File.ReadLines(Path.Combine(folder, "heldout.txt"))).Where(l => l.Length > 0).Take(500)];
        Misses misses = new("tiny-stories");
        EncodeOptions bare = new() { AddSpecial = false };
        foreach (string text in texts)
        {
            IReadOnlyList<int> ids = json.Encode(text, null, bare).Ids;
            misses.Equal($"model {Misses.Show(text)}", ids, model.Encode(text, null, bare).Ids);
            misses.Equal($"gguf {Misses.Show(text)}", ids, gguf.Encode(text, null, bare).Ids);
            misses.Equal($"special {Misses.Show(text)}", json.Encode(text).Ids, gguf.Encode(text).Ids);
            foreach (Tokenizer tokenizer in (Tokenizer[])[json, model, gguf])
            {
                misses.Text($"decoded {tokenizer.Kind}", text, tokenizer.Decode([.. ids]));
            }
        }

        misses.AssertNone();
    }

    private static void RunCases(string set, string name)
    {
        string folder = SharedData.Conformance(set, name);
        Tokenizer tokenizer = TokenizerFactory.Create(TokenizerSources.FromPath(folder));
        using JsonDocument cases = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "cases.json")));
        Misses misses = new(name);
        // tiktoken has no notion of leaving special tokens out.
        CaseRunner.Run(tokenizer, cases.RootElement, misses, checkSkipped: set != "tiktoken");
        misses.AssertNone();
    }

    private static TheoryData<string> Folders(string set)
    {
        string? root = SharedData.Root is null ? null : Path.Combine(SharedData.Root, "conformance", set);
        return root is not null && Directory.Exists(root) ? [.. Directory.GetDirectories(root).Select(d => Path.GetFileName(d)!).Order()] : ["absent"];
    }
}
