using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace LlmToolkit.Engine.Quants;

/// <summary>Panels in vectors: 16 rows turned so that the rows lie in the lanes.</summary>
/// <typeparam name="TBlock">The block.</typeparam>
internal static unsafe class BlockPanels<TBlock>
    where TBlock : unmanaged, IBlock<TBlock>
{
    private const int Rows = PanelU8.Rows;
    private const int HeadBytes = 2 * Rows * sizeof(float);
    private const int RowsF32 = 32;

    /// <summary>How far ahead in each row memory is asked for.</summary>
    private const int Near = 1024;

    private static int BlockBytes => HeadBytes + (Rows * TBlock.Group);

    /// <summary>The byte panel; needs AVX2 where <paramref name="wide"/>.</summary>
    public static void MakeU8(byte** rows, int columns, byte* panel, bool wide)
    {
        // A block of zeros, over and over, stands for a missing row: its scale and minimum are 0.
        TBlock nothing = default;
        TBlock** blocks = stackalloc TBlock*[Rows];
        nint* steps = stackalloc nint[Rows];
        for (int r = 0; r < Rows; r++)
        {
            blocks[r] = rows[r] == null ? &nothing : (TBlock*)rows[r];
            steps[r] = rows[r] == null ? 0 : sizeof(TBlock);
            Prefetch(rows[r], Math.Min(Near, columns / TBlock.Length * sizeof(TBlock)));
        }

        for (int c = 0; c < columns; c += TBlock.Length, panel += TBlock.Length / TBlock.Group * BlockBytes)
        {
            if (wide)
            {
                Block256(blocks, panel);
            }
            else
            {
                Block128(blocks, panel);
            }

            for (int r = 0; r < Rows; r++)
            {
                Prefetch((byte*)blocks[r] + Near, sizeof(TBlock));
                blocks[r] = (TBlock*)((byte*)blocks[r] + steps[r]);
            }
        }
    }

    /// <summary>Sixteen short streams are more than hardware follows: asks for the lines of some bytes, into level 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* bytes, int count)
    {
        if (Sse.IsSupported)
        {
            for (int i = 0; i < count; i += 64)
            {
                Sse.Prefetch1(bytes + i);
            }
        }
    }

    /// <summary>The float panel, by way of byte panels of one block; needs AVX2 where <paramref name="wide"/>.</summary>
    public static void MakeF32(byte** rows, int columns, float* panel, bool wide)
    {
        TBlock nothing = default;
        byte* bytes = stackalloc byte[TBlock.Length / TBlock.Group * BlockBytes];
        TBlock** blocks = stackalloc TBlock*[Rows];
        for (int c = 0; c < columns; c += TBlock.Length)
        {
            int index = c / TBlock.Length;
            for (int half = 0; half < RowsF32; half += Rows)
            {
                for (int r = 0; r < Rows; r++)
                {
                    byte* row = rows[half + r];
                    blocks[r] = row == null ? &nothing : (TBlock*)row + index;
                    Prefetch((byte*)blocks[r] + Near, sizeof(TBlock));
                }

                if (wide)
                {
                    Block256(blocks, bytes);
                    Expand256(bytes, panel + ((long)c * RowsF32) + half);
                }
                else
                {
                    Block128(blocks, bytes);
                    Expand128(bytes, panel + ((long)c * RowsF32) + half);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block256(TBlock** rows, byte* panel)
    {
        Heads(rows, panel);
        for (int part = 0; part < TBlock.Length / 32; part++)
        {
            // 8 groups of 4 columns; the first four and the last four may belong to two blocks of the panel.
            byte* low = panel + (part * (32 / TBlock.Group) * BlockBytes) + HeadBytes;
            byte* high = TBlock.Group == 32 ? low + (4 * 4 * Rows) : low + BlockBytes;
            for (int r = 0; r < Rows; r += 4)
            {
                Vector256<int> a = Values256(rows[r], part);
                Vector256<int> b = Values256(rows[r + 1], part);
                Vector256<int> c = Values256(rows[r + 2], part);
                Vector256<int> d = Values256(rows[r + 3], part);
                Vector256<long> ab0 = Avx2.UnpackLow(a, b).AsInt64();
                Vector256<long> ab1 = Avx2.UnpackHigh(a, b).AsInt64();
                Vector256<long> cd0 = Avx2.UnpackLow(c, d).AsInt64();
                Vector256<long> cd1 = Avx2.UnpackHigh(c, d).AsInt64();
                StoreHalves(Avx2.UnpackLow(ab0, cd0), low + (4 * r), high + (4 * r));
                StoreHalves(Avx2.UnpackHigh(ab0, cd0), low + (4 * (r + Rows)), high + (4 * (r + Rows)));
                StoreHalves(Avx2.UnpackLow(ab1, cd1), low + (4 * (r + (2 * Rows))), high + (4 * (r + (2 * Rows))));
                StoreHalves(Avx2.UnpackHigh(ab1, cd1), low + (4 * (r + (3 * Rows))), high + (4 * (r + (3 * Rows))));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Values256(TBlock* block, int part)
    {
        Vector256<byte> values = TBlock.Unpack256(block, part);
        return (TBlock.Signed ? values ^ Vector256.Create((byte)0x80) : values).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreHalves(Vector256<long> v, byte* low, byte* high)
    {
        v.GetLower().AsByte().Store(low);
        v.GetUpper().AsByte().Store(high);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block128(TBlock** rows, byte* panel)
    {
        Heads(rows, panel);
        for (int half = 0; half < TBlock.Length / 16; half++)
        {
            byte* target = panel + (half * 16 / TBlock.Group * BlockBytes) + HeadBytes + (half * 16 % TBlock.Group * Rows);
            for (int r = 0; r < Rows; r += 4)
            {
                Vector128<int> a = Values128(rows[r], half);
                Vector128<int> b = Values128(rows[r + 1], half);
                Vector128<int> c = Values128(rows[r + 2], half);
                Vector128<int> d = Values128(rows[r + 3], half);
                Turn.FourByFour(ref a, ref b, ref c, ref d);
                a.AsByte().Store(target + (4 * r));
                b.AsByte().Store(target + (4 * (r + Rows)));
                c.AsByte().Store(target + (4 * (r + (2 * Rows))));
                d.AsByte().Store(target + (4 * (r + (3 * Rows))));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Values128(TBlock* block, int half)
    {
        Vector128<byte> values = TBlock.Unpack128(block, half / 2, half % 2);
        return (TBlock.Signed ? values ^ Vector128.Create((byte)0x80) : values).AsInt32();
    }

    /// <summary>Writes the scales and minimums of the panel's blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Heads(TBlock** rows, byte* panel)
    {
        float* halves = HalfBits.Table;
        if (TBlock.Length == 32)
        {
            float* scales = (float*)panel;
            for (int r = 0; r < Rows; r++)
            {
                scales[r] = TBlock.ScaleOf(rows[r], halves);
                scales[Rows + r] = TBlock.HasMinimum ? TBlock.MinimumOf(rows[r], halves) : -TBlock.Offset * scales[r];
            }

            return;
        }

        int groups = TBlock.Length / TBlock.Group;
        float* source = stackalloc float[4 * 16];
        float* minimums = stackalloc float[4 * 16];
        for (int r = 0; r < Rows; r += 4)
        {
            for (int i = 0; i < 4; i++)
            {
                TBlock.FastScales(rows[r + i], halves, source + (16 * i), minimums + (16 * i));
            }

            for (int g = 0; g < groups; g += 4)
            {
                byte* target = panel + (g * BlockBytes) + (r * sizeof(float));
                Vector128<int> a = Vector128.Load((int*)source + g);
                Vector128<int> b = Vector128.Load((int*)source + 16 + g);
                Vector128<int> c = Vector128.Load((int*)source + 32 + g);
                Vector128<int> d = Vector128.Load((int*)source + 48 + g);
                Turn.FourByFour(ref a, ref b, ref c, ref d);
                a.Store((int*)target);
                b.Store((int*)(target + BlockBytes));
                c.Store((int*)(target + (2 * BlockBytes)));
                d.Store((int*)(target + (3 * BlockBytes)));
                target += Rows * sizeof(float);
                if (TBlock.HasMinimum)
                {
                    a = Vector128.Load((int*)minimums + g);
                    b = Vector128.Load((int*)minimums + 16 + g);
                    c = Vector128.Load((int*)minimums + 32 + g);
                    d = Vector128.Load((int*)minimums + 48 + g);
                    Turn.FourByFour(ref a, ref b, ref c, ref d);
                }
                else
                {
                    Vector128<float> offset = Vector128.Create((float)-TBlock.Offset);
                    a = (a.AsSingle() * offset).AsInt32();
                    b = (b.AsSingle() * offset).AsInt32();
                    c = (c.AsSingle() * offset).AsInt32();
                    d = (d.AsSingle() * offset).AsInt32();
                }

                a.Store((int*)target);
                b.Store((int*)(target + BlockBytes));
                c.Store((int*)(target + (2 * BlockBytes)));
                d.Store((int*)(target + (3 * BlockBytes)));
            }
        }
    }

    /// <summary>One block of a byte panel as 16 of the 32 columns of a float panel: the weights to the bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Expand256(byte* panel, float* target)
    {
        for (int g = 0; g < TBlock.Length / TBlock.Group; g++, panel += BlockBytes)
        {
            Vector256<float> scale0 = Vector256.Load((float*)panel);
            Vector256<float> scale1 = Vector256.Load((float*)panel + 8);
            Vector256<float> minimum0 = Vector256.Load((float*)panel + 16);
            Vector256<float> minimum1 = Vector256.Load((float*)panel + 24);
            int* values = (int*)(panel + HeadBytes);
            for (int c = 0; c < TBlock.Group; c += 4, values += Rows, target += 4 * RowsF32)
            {
                Vector256<int> v0 = Vector256.Load(values);
                Vector256<int> v1 = Vector256.Load(values + 8);
                for (int i = 0; i < 4; i++, v0 >>>= 8, v1 >>>= 8)
                {
                    Weights(v0, scale0, minimum0).Store(target + (i * RowsF32));
                    Weights(v1, scale1, minimum1).Store(target + (i * RowsF32) + 8);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Weights(Vector256<int> values, Vector256<float> scale, Vector256<float> minimum)
    {
        Vector256<int> q = values & Vector256.Create(255);
        return TBlock.HasMinimum
            ? (Vector256.ConvertToSingle(q) * scale) + minimum
            : Vector256.ConvertToSingle(q - Vector256.Create(TBlock.Offset)) * scale;
    }

    /// <summary>As <see cref="Expand256"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Expand128(byte* panel, float* target)
    {
        for (int g = 0; g < TBlock.Length / TBlock.Group; g++, panel += BlockBytes, target += TBlock.Group * RowsF32)
        {
            for (int r = 0; r < Rows; r += 4)
            {
                Vector128<float> scale = Vector128.Load((float*)panel + r);
                Vector128<float> minimum = Vector128.Load((float*)panel + Rows + r);
                int* values = (int*)(panel + HeadBytes) + r;
                float* column = target + r;
                for (int c = 0; c < TBlock.Group; c += 4, values += Rows)
                {
                    Vector128<int> v = Vector128.Load(values);
                    for (int i = 0; i < 4; i++, v >>>= 8, column += RowsF32)
                    {
                        Vector128<int> q = v & Vector128.Create(255);
                        Vector128<float> weights = TBlock.HasMinimum
                            ? (Vector128.ConvertToSingle(q) * scale) + minimum
                            : Vector128.ConvertToSingle(q - Vector128.Create(TBlock.Offset)) * scale;
                        weights.Store(column);
                    }
                }
            }
        }
    }
}

/// <summary>Small transpositions.</summary>
internal static class Turn
{
    /// <summary>Rows become columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FourByFour(ref Vector128<int> a, ref Vector128<int> b, ref Vector128<int> c, ref Vector128<int> d)
    {
        Vector128<long> ab0 = ZipLow(a, b).AsInt64();
        Vector128<long> ab1 = ZipHigh(a, b).AsInt64();
        Vector128<long> cd0 = ZipLow(c, d).AsInt64();
        Vector128<long> cd1 = ZipHigh(c, d).AsInt64();
        a = ZipLow(ab0, cd0).AsInt32();
        b = ZipHigh(ab0, cd0).AsInt32();
        c = ZipLow(ab1, cd1).AsInt32();
        d = ZipHigh(ab1, cd1).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> ZipLow(Vector128<int> a, Vector128<int> b) => Sse2.IsSupported ? Sse2.UnpackLow(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b)
        : Vector128.Create(a[0], b[0], a[1], b[1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> ZipHigh(Vector128<int> a, Vector128<int> b) => Sse2.IsSupported ? Sse2.UnpackHigh(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b)
        : Vector128.Create(a[2], b[2], a[3], b[3]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<long> ZipLow(Vector128<long> a, Vector128<long> b) => Sse2.IsSupported ? Sse2.UnpackLow(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(a, b)
        : Vector128.Create(a[0], b[0]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<long> ZipHigh(Vector128<long> a, Vector128<long> b) => Sse2.IsSupported ? Sse2.UnpackHigh(a, b)
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(a, b)
        : Vector128.Create(a[1], b[1]);
}
