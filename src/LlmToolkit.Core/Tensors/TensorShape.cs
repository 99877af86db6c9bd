using System.Collections;
using System.Runtime.CompilerServices;

namespace LlmToolkit;

/// <summary>Dimensions of a tensor, row-major: outermost first, for every container (GGUF's are reversed when read).</summary>
[CollectionBuilder(typeof(TensorShape), nameof(Create))]
public readonly struct TensorShape : IReadOnlyList<long>, IEquatable<TensorShape>
{
    private readonly long[]? _dimensions;

    /// <summary>Takes the dimensions, outermost first.</summary>
    public TensorShape(params long[] dimensions) => _dimensions = dimensions;

    /// <summary>Number of dimensions; 0 is a scalar.</summary>
    public int Count => _dimensions?.Length ?? 0;

    /// <summary>Product of all dimensions; 1 for a scalar.</summary>
    /// <exception cref="OverflowException">The product does not fit in 63 bits; readers check before they build a shape.</exception>
    public long Elements
    {
        get
        {
            long product = 1;
            foreach (long dimension in _dimensions ?? [])
            {
                product = checked(product * dimension);
            }

            return product;
        }
    }

    /// <summary>Length of a row: the innermost dimension; 1 for a scalar.</summary>
    public long Columns => Count == 0 ? 1 : _dimensions![^1];

    /// <summary>Number of rows: the product of all dimensions but the innermost.</summary>
    public long Rows
    {
        get
        {
            long product = 1;
            for (int i = 0; i < Count - 1; i++)
            {
                product = checked(product * _dimensions![i]);
            }

            return product;
        }
    }

    /// <inheritdoc/>
    public long this[int index] => _dimensions![index];

    /// <summary>Builds a shape from a collection expression.</summary>
    public static TensorShape Create(ReadOnlySpan<long> dimensions) => new(dimensions.ToArray());

    /// <inheritdoc/>
    public bool Equals(TensorShape other) => (_dimensions ?? []).AsSpan().SequenceEqual(other._dimensions ?? []);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TensorShape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (long dimension in _dimensions ?? [])
        {
            hash.Add(dimension);
        }

        return hash.ToHashCode();
    }

    /// <summary>Equality by dimensions.</summary>
    public static bool operator ==(TensorShape left, TensorShape right) => left.Equals(right);

    /// <summary>Inequality by dimensions.</summary>
    public static bool operator !=(TensorShape left, TensorShape right) => !left.Equals(right);

    /// <inheritdoc/>
    public IEnumerator<long> GetEnumerator() => ((IEnumerable<long>)(_dimensions ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>For example <c>[2048, 192]</c>.</summary>
    public override string ToString() => "[" + string.Join(", ", _dimensions ?? []) + "]";
}
