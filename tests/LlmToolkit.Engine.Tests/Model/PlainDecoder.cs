namespace LlmToolkit.Engine.Tests.Model;

/// <summary>
/// A second opinion: the formulas of the families in double precision and plain loops, over whole sequences, sharing nothing with the engine.
/// Written from the modelling code's formulas; the test says which of them hold.
/// </summary>
internal sealed record PlainDecoder
{
    public required Dictionary<string, float[]> Tensors { get; init; }

    public required int Hidden { get; init; }

    public required int Layers { get; init; }

    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int Dim { get; init; }

    public double Epsilon { get; init; } = 1e-5;

    /// <summary>Inverse frequencies of a layer's rope; empty: no rope.</summary>
    public Func<int, double[]> Inverse { get; init; } = _ => [];

    /// <summary>Multiplies cosines and sines.</summary>
    public double Magnitude { get; init; } = 1;

    public Func<int, int> Window { get; init; } = _ => 0;

    public Func<int, double>? Scale { get; init; }

    public double ScoreCap { get; init; }

    public double LogitCap { get; init; }

    public double EmbeddingScale { get; init; } = 1;

    /// <summary>Added to norm weights.</summary>
    public double NormOffset { get; init; }

    /// <summary>LayerNorm instead of RMSNorm.</summary>
    public bool Centred { get; init; }

    public Func<double, double> Activation { get; init; } = x => x / (1 + Math.Exp(-x));

    /// <summary>Names: embedding, positions, norm, head.</summary>
    public string Embedding { get; init; } = "model.embed_tokens";

    public string? Positions { get; init; }

    public string FinalNorm { get; init; } = "model.norm";

    public string Output { get; init; } = "lm_head";

    /// <summary>q, k and v of a row of normalised hidden states.</summary>
    public required Func<PlainDecoder, int, double[], (double[] Q, double[] K, double[] V)> Project { get; init; }

    /// <summary>One layer: hidden states in, hidden states out.</summary>
    public required Func<PlainDecoder, int, double[][], double[][]> Layer { get; init; }

    /// <summary>Logits of every position.</summary>
    public double[][] Run(int[] ids)
    {
        float[] table = Tensors[Embedding + ".weight"];
        double[][] h = [.. ids.Select((id, p) => Enumerable.Range(0, Hidden).Select(i =>
            (table[(id * Hidden) + i] * EmbeddingScale) + (Positions is null ? 0 : Tensors[Positions + ".weight"][(p * Hidden) + i])).ToArray())];
        for (int n = 0; n < Layers; n++)
        {
            h = Layer(this, n, h);
        }

        string head = Tensors.ContainsKey(Output + ".weight") ? Output : Embedding;
        return [.. h.Select(row => Linear(head, Norm(FinalNorm, row)).Select(x => Cap(x, LogitCap)).ToArray())];
    }

    /// <summary>W x + b, W [out, in].</summary>
    public double[] Linear(string name, double[] x) => Rows(name, x, 0, Tensors[name + ".weight"].Length / x.Length);

    /// <summary>Some rows of W x + b.</summary>
    public double[] Rows(string name, double[] x, int first, int count)
    {
        float[] w = Tensors.TryGetValue(name + ".weight", out float[]? named) ? named : Tensors[name];
        float[]? b = Tensors.GetValueOrDefault(name + ".bias");
        return [.. Enumerable.Range(first, count).Select(r => (b?[r] ?? 0) + x.Select((v, c) => v * w[(r * x.Length) + c]).Sum())];
    }

    public double[] Norm(string name, double[] x)
    {
        float[] w = Tensors[name + ".weight"];
        float[]? b = Tensors.GetValueOrDefault(name + ".bias");
        double mean = Centred ? x.Average() : 0;
        double scale = 1 / Math.Sqrt(x.Average(v => (v - mean) * (v - mean)) + Epsilon);
        return [.. x.Select((v, i) => ((v - mean) * scale * (w[i] + NormOffset)) + (b?[i] ?? 0))];
    }

    /// <summary>Attention of normalised rows, through <paramref name="output"/>.</summary>
    public double[][] Attend(int n, double[][] rows, string output, string? queryNorm = null, string? keyNorm = null)
    {
        var heads = rows.Select((row, p) =>
        {
            (double[] q, double[] k, double[] v) = Project(this, n, row);
            return (Q: Split(q, queryNorm, n, p), K: Split(k, keyNorm, n, p), V: v.Chunk(Dim).ToArray());
        }).ToArray();
        double scale = Scale?.Invoke(n) ?? 1 / Math.Sqrt(Dim);
        return [.. rows.Select((_, p) =>
        {
            List<double> mixed = [];
            for (int head = 0; head < Heads; head++)
            {
                int kv = head / (Heads / KvHeads);
                int first = Window(n) > 0 ? Math.Max(0, p - Window(n) + 1) : 0;
                double[] scores = [.. Enumerable.Range(first, p - first + 1).Select(j => Math.Exp(Cap(scale * heads[p].Q[head].Zip(heads[j].K[kv], (a, b) => a * b).Sum(), ScoreCap)))];
                mixed.AddRange(Enumerable.Range(0, Dim).Select(d => scores.Select((s, j) => s * heads[first + j].V[kv][d]).Sum() / scores.Sum()));
            }

            return Linear(output, [.. mixed]);
        })];
    }

    public static double[][] Sum(double[][] a, double[][] b) => [.. a.Zip(b, (x, y) => x.Zip(y, (u, v) => u + v).ToArray())];

    private static double Cap(double x, double cap) => cap == 0 ? x : cap * Math.Tanh(x / cap);

    private double[][] Split(double[] all, string? norm, int n, int position) => [.. all.Chunk(Dim).Select(head =>
    {
        double[] x = norm is null ? head : Norm(norm, head);
        double[] inverse = Inverse(n);
        double[] y = [.. x];
        for (int i = 0; i < inverse.Length; i++)
        {
            (double sin, double cos) = Math.SinCos(position * inverse[i]);
            y[i] = ((x[i] * cos) - (x[i + inverse.Length] * sin)) * Magnitude;
            y[i + inverse.Length] = ((x[i] * sin) + (x[i + inverse.Length] * cos)) * Magnitude;
        }

        return y;
    })];
}
