using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Blocks;

/// <summary>Token to hidden state: a row of the table, scaled; learned positions, a token type and a norm where the model has them.</summary>
internal sealed unsafe class TokenEmbedding
{
    /// <summary>[vocabulary, width].</summary>
    public required WeightMatrix Table { get; init; }

    /// <summary>Multiplies the row; 1: nothing.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>Learned positions [positions, width]; null: none.</summary>
    public WeightMatrix? Positions { get; init; }

    /// <summary>Row of the first position: RoBERTa leaves some unused.</summary>
    public int FirstPosition { get; init; }

    /// <summary>Added to every row, [width]: the embedding of token type 0; null: none.</summary>
    public float* TokenType { get; init; }

    /// <summary>Norm of the sum; null: none.</summary>
    public INorm? Norm { get; init; }

    /// <summary>Entries of the vocabulary.</summary>
    public int Vocabulary => Table.Rows;

    /// <summary>Most positions; null: any.</summary>
    public int? MaxPositions => Positions is null ? null : Positions.Rows - FirstPosition;

    /// <summary>Writes the hidden state of a token [width].</summary>
    public void Embed(Worker worker, int token, int position, float* hidden)
    {
        int width = Table.Columns;
        Table.Quant.Dequantize(Table.Row(token), hidden, width);
        if (Scale != 1)
        {
            Elementwise.Scale(Simd.Level, Scale, hidden, width);
        }

        if (TokenType != null)
        {
            Elementwise.Add(Simd.Level, TokenType, hidden, width);
        }

        if (Positions is not null)
        {
            float* row = (float*)worker.Scratch((nuint)width * sizeof(float));
            Positions.Quant.Dequantize(Positions.Row(FirstPosition + position), row, width);
            Elementwise.Add(Simd.Level, row, hidden, width);
        }

        Norm?.Apply(hidden, hidden);
    }
}
