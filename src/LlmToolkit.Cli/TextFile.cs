using System.Globalization;
using System.Text;

namespace LlmToolkit.Cli;

/// <summary>Reads text files with one clear error.</summary>
internal static class TextFile
{
    /// <summary>The whole text, as it is.</summary>
    public static async Task<string> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return new UTF8Encoding(false).GetString(await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliErrors.Missing($"The file {path} cannot be read ({e.Message}): it", "Check the path and its permissions.");
        }
    }

    /// <summary>Opens a batch: a file, or stdin for <c>-</c>.</summary>
    public static StreamReader Open(CliHost host, string path)
    {
        try
        {
            return path == "-"
                ? new StreamReader(host.In, new UTF8Encoding(false), false, 1 << 16, leaveOpen: true)
                : new StreamReader(path, new UTF8Encoding(false), false, 1 << 16);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliErrors.Missing($"The batch {path} cannot be read ({e.Message}): it", "Check the path and its permissions.");
        }
    }
}

/// <summary>Lists of token ids on the command line.</summary>
internal static class IdList
{
    /// <summary><c>1,2,3</c>, with or without spaces.</summary>
    public static int[] Parse(string option, string text) =>
        [.. text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(x => int.TryParse(x, CultureInfo.InvariantCulture, out int id) ? id : throw CliErrors.BadValue(option, x, "a token id"))];
}
