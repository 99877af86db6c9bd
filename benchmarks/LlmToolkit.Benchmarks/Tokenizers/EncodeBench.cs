using System.Text;
using BenchmarkDotNet.Attributes;
using LlmToolkit.Text;

namespace LlmToolkit.Benchmarks.Tokenizers;

/// <summary>
/// A long document (64 KiB of prose, names, numbers and code) to ids and back: what a server does with every prompt before the model sees it. One tokenizer of
/// each kind: byte-level BPE, SentencePiece with scores, WordPiece.
/// </summary>
[MemoryDiagnoser]
public class EncodeBench
{
    private const int Characters = 64 << 10;
    private const string Paragraph = """
        The fox — quick, brown, and 7 years old — jumped over 13 lazy dogs at 10:45; "Très bien!", said Zoë, and wrote: for (int i = 0; i < n; i++) { sum += a[i]; }
        Then it was quiet again. Nobody counted the dogs, and nobody asked who had paid €4.99 for the fence in the first place.

        """;

    private Tokenizer _tokenizer = null!;
    private string _text = "";
    private int[] _ids = [];

    /// <summary>The tokenizer's kind.</summary>
    [Params("bpe", "spm", "wordpiece")]
    public string Kind { get; set; } = "";

    /// <summary>Builds the tokenizer and the document; no two paragraphs are the same, so that no cache of words has it easy.</summary>
    [GlobalSetup]
    public async Task Setup()
    {
        string path = Kind switch { "spm" => Product.Model, "bpe" => Product.Fixture("models", "gpt2"), _ => Product.Fixture("models", "bert-embed") };
        using ModelContainer container = await new ModelLoader().OpenAsync(path).ConfigureAwait(false);
        _tokenizer = TokenizerFactory.Create(container.Tokenizer!);
        Random random = new(1);
        StringBuilder text = new();
        while (text.Length < Characters)
        {
            string[] words = Paragraph.Split(' ');
            random.Shuffle(words);
            text.AppendJoin(' ', words).Append(random.Next());
        }

        _text = text.ToString(0, Characters);
        _ids = _tokenizer.Encode(Prompt.FromText(_text));
    }

    /// <summary>Text to ids.</summary>
    [Benchmark]
    public int Encode() => _tokenizer.Encode(Prompt.FromText(_text)).Length;

    /// <summary>Ids to text, token by token as an answer streams.</summary>
    [Benchmark]
    public int Stream()
    {
        StreamingDecoder decoder = _tokenizer.CreateDecoder();
        int length = 0;
        foreach (int id in _ids)
        {
            length += decoder.Push(id)?.Length ?? 0;
        }

        return length + (decoder.Flush()?.Length ?? 0);
    }
}
