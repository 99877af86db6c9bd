using LlmToolkit.Engine.Scan;

namespace LlmToolkit.Loading;

/// <summary>Compares the size of a tensor's values with that of its fellows: the tensors of the same role and type in other layers.</summary>
internal static class Proportions
{
    /// <summary>Fellows needed for a comparison.</summary>
    private const int LeastFellows = 4;

    /// <summary>Values needed for a tensor to have a size worth comparing.</summary>
    private const int LeastValues = 256;

    /// <summary>Layers of sound models differ by a factor of some tens; damage of an exponent's bit or a forgotten scale is far beyond.</summary>
    private const double Most = 1000;

    /// <summary>The tensors whose root mean square is a thousand times larger or smaller than the median of their fellows'.</summary>
    public static IEnumerable<(TensorInfo Tensor, long Slice, double Found, double Usual)> OutOf(IReadOnlyList<(TensorInfo Tensor, long Slice, ValueFacts Facts)> scanned)
    {
        foreach (var fellows in scanned.Where(s => s.Facts.Count - s.Facts.NotFinite >= LeastValues && s.Facts.Rms > 0).GroupBy(s => (Role(s.Tensor.Name), s.Tensor.DType)).Where(g => g.Count() >= LeastFellows))
        {
            double[] sizes = [.. fellows.Select(s => s.Facts.Rms).Order()];
            double usual = sizes[sizes.Length / 2];
            foreach ((TensorInfo tensor, long slice, ValueFacts facts) in fellows.Where(s => s.Facts.Rms > usual * Most || s.Facts.Rms < usual / Most))
            {
                yield return (tensor, slice, facts.Rms, usual);
            }
        }
    }

    /// <summary>A name without the numbers of layer and expert.</summary>
    private static string Role(string name) => string.Join('.', name.Split('.').Where(part => !part.All(char.IsAsciiDigit)));
}
