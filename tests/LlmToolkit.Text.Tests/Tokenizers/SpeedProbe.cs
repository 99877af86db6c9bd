using System.Diagnostics;
using LlmToolkit.Text;

namespace LlmToolkit.Tests.Tokenizers;

public class SpeedProbe
{
    [Fact]
    public void Probe()
    {
        string folder = SharedData.Require("models", "smollm2-135m-instruct");
        string text = string.Concat(Enumerable.Repeat(File.ReadAllText(Path.Combine(folder, "text.txt")), 50));
        foreach ((string name, Func<Tokenizer> open) in new (string, Func<Tokenizer>)[]
        {
            ("smollm2", () => TokenizerFactory.Create(new TokenizerSource { Metadata = MiniGguf.Open(Path.Combine(folder, "SmolLM2-135M-Instruct.Q4_1.gguf")) })),
            ("llama-spm", () => TokenizerFactory.Create(new TokenizerSource { Metadata = MiniGguf.Open(SharedData.Conformance("vocab", "llama-spm.gguf.gz")) })),
            ("qwen2", () => TokenizerFactory.Create(new TokenizerSource { Metadata = MiniGguf.Open(SharedData.Conformance("vocab", "qwen2.gguf.gz")) })),
            ("deepseek-llm", () => TokenizerFactory.Create(new TokenizerSource { Metadata = MiniGguf.Open(SharedData.Conformance("vocab", "deepseek-llm.gguf.gz")) })),
            ("bert", () => TokenizerFactory.Create(new TokenizerSource { Metadata = MiniGguf.Open(SharedData.Conformance("vocab", "bert-bge.gguf.gz")) })),
            ("unigram", () => TokenizerFactory.Create(new TokenizerSource { Metadata = MiniGguf.Open(SharedData.Conformance("vocab", "nomic-bert-moe.gguf.gz")) })),
            ("tiny json", () => TokenizerFactory.Create(TokenizerSources.FromPath(SharedData.Require("models", "tiny-stories", "tokenizer.json")))),
        })
        {
            Stopwatch load = Stopwatch.StartNew();
            Tokenizer tokenizer = open();
            load.Stop();
            tokenizer.Encode(Prompt.FromText(text[..20000]));
            double best = double.MaxValue;
            for (int i = 0; i < 3; i++)
            {
                TimeSpan cpu = Environment.CpuUsage.TotalTime;
                tokenizer.Encode(Prompt.FromText(text));
                best = Math.Min(best, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
            }

            File.AppendAllText("/tmp/speed.txt", "\n" + $"SPEED {name}: load {load.ElapsedMilliseconds} ms, {text.Length / best / 1e6:F2} MB/s");
        }

    }
}
