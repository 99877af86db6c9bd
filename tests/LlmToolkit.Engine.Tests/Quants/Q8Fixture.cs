using System.Runtime.InteropServices;
using LlmToolkit.Engine.Quants;

namespace LlmToolkit.Engine.Tests.Quants;

/// <summary>A row of activations in both forms, made by the plain formulas.</summary>
internal sealed unsafe class Q8Fixture : IDisposable
{
    private readonly byte* _memory;
    private Q8Row _row;

    /// <param name="x">The values.</param>
    /// <param name="group">Neighbours that are rounded with one scale: 32, or 256 as ggml's Q8_K does (then every part of them holds the same scale).</param>
    public Q8Fixture(ReadOnlySpan<float> x, int group = 32)
    {
        int n = x.Length;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)((n * 7) + 256), 64);
        Floats = (float*)_memory;
        x.CopyTo(new Span<float>(Floats, n));
        _row.Scales = Floats + n;
        _row.ScaledSums = _row.Scales + (n / 32);
        _row.Sums16 = (short*)(_row.ScaledSums + (n / 32));
        _row.Quants = (sbyte*)(_row.Sums16 + (n / 16));
        for (int b = 0; b < n / 32; b++)
        {
            float max = 0;
            foreach (float v in x.Slice(b * 32 / group * group, group))
            {
                max = MathF.Max(max, MathF.Abs(v));
            }

            _row.Scales[b] = max / 127;
            int sum = 0;
            _row.Sums16[2 * b] = _row.Sums16[(2 * b) + 1] = 0;
            for (int i = 0; i < 32; i++)
            {
                sbyte q = max == 0 ? (sbyte)0 : (sbyte)MathF.Round(x[(b * 32) + i] / _row.Scales[b]);
                _row.Quants[(b * 32) + i] = q;
                _row.Sums16[(2 * b) + (i / 16)] += q;
                sum += q;
            }

            _row.ScaledSums[b] = _row.Scales[b] * sum;
        }
    }

    public float* Floats { get; }

    public ref readonly Q8Row Row => ref _row;

    public void Dispose() => NativeMemory.AlignedFree(_memory);
}
