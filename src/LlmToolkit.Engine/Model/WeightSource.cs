using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Model;

/// <summary>Where the values of bound tensors come from, and what becomes of a tensor that does not fit.</summary>
internal abstract unsafe class WeightSource
{
    /// <summary>True when nothing is read.</summary>
    public virtual bool Rehearsing => false;

    /// <summary>A matrix [rows, columns] as it is stored.</summary>
    public abstract WeightMatrix Matrix(TensorInfo tensor, int rows, int columns);

    /// <summary>A matrix stored [columns, rows].</summary>
    public abstract WeightMatrix Transposed(TensorInfo tensor, int rows, int columns);

    /// <summary>A vector as floats, <paramref name="offset"/> added: the values at <paramref name="places"/>, or all.</summary>
    public abstract float* Vector(TensorInfo tensor, int count, float offset, int[]? places);

    /// <summary>The first row of a table as floats.</summary>
    public abstract float* FirstRow(TensorInfo tensor, int columns);

    /// <summary>Values that <see cref="Vector"/> gave.</summary>
    public abstract float[] Copy(float* values, int count);

    /// <summary>Stands for a matrix that is missing or unfit, once that was refused.</summary>
    public abstract WeightMatrix Absent(int rows, int columns);

    /// <summary>A tensor is unfit: a load ends, a rehearsal notes it and goes on.</summary>
    public abstract void Refuse(ModelException fault);

    /// <summary>A tensor is missing under all the names it could have.</summary>
    public abstract void RefuseMissing(string file, IReadOnlyList<string> names);
}
