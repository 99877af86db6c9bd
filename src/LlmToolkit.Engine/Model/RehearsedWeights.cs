using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Model;

/// <summary>Reads nothing and takes no memory: notes every tensor that is missing or unfit, up to a bound.</summary>
internal sealed unsafe class RehearsedWeights : WeightSource
{
    /// <summary>Faults after which a rehearsal ends: a configuration of 65536 layers must not be searched for in vain.</summary>
    private const int MostFaults = 2000;

    private readonly List<string> _missing = [];
    private readonly List<Diagnostic> _unfit = [];

    public override bool Rehearsing => true;

    /// <summary>The likeliest name of each missing tensor.</summary>
    public IReadOnlyList<string> Missing => _missing;

    /// <summary>Wrong shapes and unsupported types.</summary>
    public IReadOnlyList<Diagnostic> Unfit => _unfit;

    public override WeightMatrix Matrix(TensorInfo tensor, int rows, int columns) => Absent(rows, columns);

    public override WeightMatrix Transposed(TensorInfo tensor, int rows, int columns) => Absent(rows, columns);

    // An address that is not null, because null says that a tensor is not there; nobody reads it.
    public override float* Vector(TensorInfo tensor, int count, float offset, int[]? places) => (float*)sizeof(float);

    public override float* FirstRow(TensorInfo tensor, int columns) => (float*)sizeof(float);

    public override float[] Copy(float* values, int count)
    {
        float[] ones = new float[count];
        Array.Fill(ones, 1);
        return ones;
    }

    public override WeightMatrix Absent(int rows, int columns) => new(DefaultQuants.Find(DTypes.F32)!, null, 0, rows, columns, exact: true);

    public override void Refuse(ModelException fault)
    {
        _unfit.Add(fault.Diagnostic);
        EndWhenFull();
    }

    public override void RefuseMissing(string file, IReadOnlyList<string> names)
    {
        _missing.Add(names[0]);
        EndWhenFull();
    }

    private void EndWhenFull()
    {
        if (_missing.Count + _unfit.Count >= MostFaults)
        {
            throw new EnoughFaultsException();
        }
    }
}

/// <summary>Ends a rehearsal early; never leaves the engine.</summary>
internal sealed class EnoughFaultsException : Exception;
