using System.Runtime.CompilerServices;
using LlmToolkit.Engine.KvCache;

namespace LlmToolkit.Engine.Kernels;

internal static unsafe partial class AttentionKernels
{
    /// <summary>scores[r][j] = queries[r] · key[j] for <paramref name="tiles"/> whole tiles.</summary>
    /// <param name="keys">The first tile, [tiles][keyDim][16].</param>
    /// <param name="tiles">Number of tiles.</param>
    /// <param name="queries">[rows][keyDim].</param>
    /// <param name="keyDim">Components.</param>
    /// <param name="rows">1 to 4.</param>
    /// <param name="scores">[rows][<see cref="Attention.Block"/>].</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scores<V, E>(E* keys, int tiles, float* queries, int keyDim, int rows, float* scores)
        where V : struct, ILanes<V>
        where E : unmanaged
    {
        switch (rows)
        {
            case 1:
                Scores1<V, E>(keys, tiles, queries, keyDim, scores);
                break;
            case 2:
                Scores2<V, E>(keys, tiles, queries, keyDim, scores);
                break;
            case 3:
                Scores3<V, E>(keys, tiles, queries, keyDim, scores);
                break;
            default:
                Scores4<V, E>(keys, tiles, queries, keyDim, scores);
                break;
        }
    }

    /// <summary>Elements from the first tile to position <paramref name="position"/>, a multiple of the width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Offset<V>(int position, int keyDim)
        where V : struct, ILanes<V> =>
        ((long)(position / KvLayer.Tile) * KvLayer.Tile * keyDim) + (position % KvLayer.Tile);

    // What is left at the end of a row is done again from the last whole vector: the same sums, stored twice.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores1<V, E>(E* keys, int tiles, float* queries, int keyDim, float* scores)
        where V : struct, ILanes<V>
        where E : unmanaged
    {
        int positions = tiles * KvLayer.Tile;
        for (int j = 0; j < positions; j += 4 * V.Count)
        {
            E* k0 = keys + Offset<V>(j, keyDim);
            int j1 = Math.Min(j + V.Count, positions - V.Count);
            E* k1 = keys + Offset<V>(j1, keyDim);
            int j2 = Math.Min(j + (2 * V.Count), positions - V.Count);
            E* k2 = keys + Offset<V>(j2, keyDim);
            int j3 = Math.Min(j + (3 * V.Count), positions - V.Count);
            E* k3 = keys + Offset<V>(j3, keyDim);
            V s00 = V.Create(0f);
            V s01 = s00;
            V s02 = s00;
            V s03 = s00;
            for (int d = 0; d < keyDim; d++)
            {
                V key0 = Load<V, E>(k0);
                V key1 = Load<V, E>(k1);
                V key2 = Load<V, E>(k2);
                V key3 = Load<V, E>(k3);
                V q = V.Create(queries[d]);
                s00 = V.MultiplyAdd(key0, q, s00);
                s01 = V.MultiplyAdd(key1, q, s01);
                s02 = V.MultiplyAdd(key2, q, s02);
                s03 = V.MultiplyAdd(key3, q, s03);
                k0 += KvLayer.Tile;
                k1 += KvLayer.Tile;
                k2 += KvLayer.Tile;
                k3 += KvLayer.Tile;
            }

            V.Store(s00, scores + j);
            V.Store(s01, scores + j1);
            V.Store(s02, scores + j2);
            V.Store(s03, scores + j3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores2<V, E>(E* keys, int tiles, float* queries, int keyDim, float* scores)
        where V : struct, ILanes<V>
        where E : unmanaged
    {
        float* query1 = queries + keyDim;
        int positions = tiles * KvLayer.Tile;
        for (int j = 0; j < positions; j += 2 * V.Count)
        {
            E* k0 = keys + Offset<V>(j, keyDim);
            int j1 = Math.Min(j + V.Count, positions - V.Count);
            E* k1 = keys + Offset<V>(j1, keyDim);
            V s00 = V.Create(0f);
            V s01 = s00;
            V s10 = s00;
            V s11 = s00;
            for (int d = 0; d < keyDim; d++)
            {
                V key0 = Load<V, E>(k0);
                V key1 = Load<V, E>(k1);
                V q = V.Create(queries[d]);
                s00 = V.MultiplyAdd(key0, q, s00);
                s01 = V.MultiplyAdd(key1, q, s01);
                q = V.Create(query1[d]);
                s10 = V.MultiplyAdd(key0, q, s10);
                s11 = V.MultiplyAdd(key1, q, s11);
                k0 += KvLayer.Tile;
                k1 += KvLayer.Tile;
            }

            V.Store(s00, scores + j);
            V.Store(s01, scores + j1);
            V.Store(s10, scores + Attention.Block + j);
            V.Store(s11, scores + Attention.Block + j1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores3<V, E>(E* keys, int tiles, float* queries, int keyDim, float* scores)
        where V : struct, ILanes<V>
        where E : unmanaged
    {
        float* query1 = queries + keyDim;
        float* query2 = queries + (2 * keyDim);
        int positions = tiles * KvLayer.Tile;
        for (int j = 0; j < positions; j += 2 * V.Count)
        {
            E* k0 = keys + Offset<V>(j, keyDim);
            int j1 = Math.Min(j + V.Count, positions - V.Count);
            E* k1 = keys + Offset<V>(j1, keyDim);
            V s00 = V.Create(0f);
            V s01 = s00;
            V s10 = s00;
            V s11 = s00;
            V s20 = s00;
            V s21 = s00;
            for (int d = 0; d < keyDim; d++)
            {
                V key0 = Load<V, E>(k0);
                V key1 = Load<V, E>(k1);
                V q = V.Create(queries[d]);
                s00 = V.MultiplyAdd(key0, q, s00);
                s01 = V.MultiplyAdd(key1, q, s01);
                q = V.Create(query1[d]);
                s10 = V.MultiplyAdd(key0, q, s10);
                s11 = V.MultiplyAdd(key1, q, s11);
                q = V.Create(query2[d]);
                s20 = V.MultiplyAdd(key0, q, s20);
                s21 = V.MultiplyAdd(key1, q, s21);
                k0 += KvLayer.Tile;
                k1 += KvLayer.Tile;
            }

            V.Store(s00, scores + j);
            V.Store(s01, scores + j1);
            V.Store(s10, scores + Attention.Block + j);
            V.Store(s11, scores + Attention.Block + j1);
            V.Store(s20, scores + (2 * Attention.Block) + j);
            V.Store(s21, scores + (2 * Attention.Block) + j1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores4<V, E>(E* keys, int tiles, float* queries, int keyDim, float* scores)
        where V : struct, ILanes<V>
        where E : unmanaged
    {
        float* query1 = queries + keyDim;
        float* query2 = queries + (2 * keyDim);
        float* query3 = queries + (3 * keyDim);
        int positions = tiles * KvLayer.Tile;
        for (int j = 0; j < positions; j += 2 * V.Count)
        {
            E* k0 = keys + Offset<V>(j, keyDim);
            int j1 = Math.Min(j + V.Count, positions - V.Count);
            E* k1 = keys + Offset<V>(j1, keyDim);
            V s00 = V.Create(0f);
            V s01 = s00;
            V s10 = s00;
            V s11 = s00;
            V s20 = s00;
            V s21 = s00;
            V s30 = s00;
            V s31 = s00;
            for (int d = 0; d < keyDim; d++)
            {
                V key0 = Load<V, E>(k0);
                V key1 = Load<V, E>(k1);
                V q = V.Create(queries[d]);
                s00 = V.MultiplyAdd(key0, q, s00);
                s01 = V.MultiplyAdd(key1, q, s01);
                q = V.Create(query1[d]);
                s10 = V.MultiplyAdd(key0, q, s10);
                s11 = V.MultiplyAdd(key1, q, s11);
                q = V.Create(query2[d]);
                s20 = V.MultiplyAdd(key0, q, s20);
                s21 = V.MultiplyAdd(key1, q, s21);
                q = V.Create(query3[d]);
                s30 = V.MultiplyAdd(key0, q, s30);
                s31 = V.MultiplyAdd(key1, q, s31);
                k0 += KvLayer.Tile;
                k1 += KvLayer.Tile;
            }

            V.Store(s00, scores + j);
            V.Store(s01, scores + j1);
            V.Store(s10, scores + Attention.Block + j);
            V.Store(s11, scores + Attention.Block + j1);
            V.Store(s20, scores + (2 * Attention.Block) + j);
            V.Store(s21, scores + (2 * Attention.Block) + j1);
            V.Store(s30, scores + (3 * Attention.Block) + j);
            V.Store(s31, scores + (3 * Attention.Block) + j1);
        }
    }
}
