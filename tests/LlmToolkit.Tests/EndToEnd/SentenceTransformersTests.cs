using LlmToolkit.Text;

namespace LlmToolkit.Tests.EndToEnd;

/// <summary>A folder with modules.json: its own files say how hidden states become one vector.</summary>
public sealed class SentenceTransformersTests
{
    private const string Text = "A fox and a bell walked over the hill to see the sea, and they told each other stories all the way.";

    [Theory]
    [InlineData("mean", true)]
    [InlineData("cls", false)]
    [InlineData("max", true)]
    public async Task EmbedAsync_Folder_PoolsAsItsFilesSay(string mode, bool normalize)
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        using TemporaryFolder folder = new();
        Write(folder, mode, normalize, maxTokens: 12);
        await using ILanguageModel loaded = await new ModelLoader().LoadAsync(folder.Path, new LoadOptions { Exact = true }, null, cancelled);
        IEncoderModel model = Assert.IsType<IEncoderModel>(loaded, exactMatch: false);

        TextEmbedding embedding = await model.EmbedAsync(Text, cancelled);

        Assert.Equal(12, embedding.Tokens);
        Assert.True(embedding.DroppedTokens > 0);
        // This tokenizer puts no special tokens around a text, so the cut takes its end alone.
        int[] ids = [.. TokenizerFactory.Create(TokenizerSources.FromPath(folder.Path)).Encode(Text).Ids.Take(12)];
        float[] hidden = new float[ids.Length * model.Width];
        model.Encode(ids, hidden, cancelled);
        double[] expected = Pool(hidden, model.Width, mode, normalize);
        Assert.Equal(model.Width, embedding.Vector.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], embedding.Vector.Span[i], 1e-5);
        }
    }

    /// <summary>The definition, in double precision.</summary>
    private static double[] Pool(float[] hidden, int width, string mode, bool normalize)
    {
        int rows = hidden.Length / width;
        double[] vector = [.. Enumerable.Range(0, width).Select(c =>
        {
            IEnumerable<double> column = Enumerable.Range(0, rows).Select(r => (double)hidden[(r * width) + c]);
            return mode switch { "mean" => column.Average(), "max" => column.Max(), _ => hidden[c] };
        })];
        double length = normalize ? Math.Sqrt(vector.Sum(x => x * x)) : 1;
        return [.. vector.Select(x => x / length)];
    }

    private static void Write(TemporaryFolder folder, string mode, bool normalize, int maxTokens)
    {
        string source = SharedData.Conformance("models", "bert-embed");
        foreach (string name in (string[])["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"])
        {
            File.Copy(Path.Combine(source, name), folder.File(name));
        }

        string last = normalize ? """, {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}""" : "";
        File.WriteAllText(folder.File("modules.json"), $$"""
            [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
             {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}{{last}}]
            """);
        Directory.CreateDirectory(folder.File("1_Pooling"));
        File.WriteAllText(folder.File("1_Pooling/config.json"), $$"""
            {"word_embedding_dimension": 64, "pooling_mode_cls_token": {{(mode == "cls" ? "true" : "false")}}, "pooling_mode_mean_tokens": {{(mode == "mean" ? "true" : "false")}}, "pooling_mode_max_tokens": {{(mode == "max" ? "true" : "false")}}}
            """);
        File.WriteAllText(folder.File("sentence_bert_config.json"), $$"""{"max_seq_length": {{maxTokens}}, "do_lower_case": false}""");
    }
}
