using System.Globalization;
using System.Text;

namespace LlmToolkit.Cli;

/// <summary>Reads text files with one clear error.</summary>
internal static class TextFile
{
    /// <summary>The whole text, as it is.</summary>
    public static async Task<string> ReadAsync(string path, CancellationToken cancellationToken)
    {
        RequireEnd(path);
        try
        {
            return new UTF8Encoding(false).GetString(await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliErrors.CannotRead(path, e);
        }
    }

    /// <summary>The next line. Cancellation ends the wait even where the stream itself, a console's, cannot be interrupted.</summary>
    public static Task<string?> ReadLineAsync(StreamReader reader, CancellationToken cancellationToken) =>
        reader.ReadLineAsync(CancellationToken.None).AsTask().WaitAsync(cancellationToken);

    /// <summary>Opens a batch: a file, or stdin for <c>-</c>.</summary>
    public static StreamReader Open(CliHost host, string path)
    {
        if (path != "-")
        {
            RequireEnd(path);
        }

        try
        {
            return path == "-"
                ? new StreamReader(host.In, new UTF8Encoding(false), false, 1 << 16, leaveOpen: true)
                : new StreamReader(path, new UTF8Encoding(false), false, 1 << 16);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliErrors.CannotRead(path, e);
        }
    }

    /// <summary>Refuses what may never end: a pipe without a writer, a device, a socket. A pipe that is open already, as shells make with <c>&lt;(...)</c>, has its writer.</summary>
    private static void RequireEnd(string path)
    {
        try
        {
            bool isOpenAlready = path.StartsWith("/dev/fd/", StringComparison.Ordinal) || path.StartsWith("/proc/self/fd/", StringComparison.Ordinal) || path == "/dev/stdin";
            if (!isOpenAlready && FileFacts.Of(path) is { Kind: FileNodeKind.Pipe or FileNodeKind.Socket or FileNodeKind.CharacterDevice or FileNodeKind.BlockDevice } facts)
            {
                throw CliErrors.NotPlain(path, facts.Kind);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliErrors.CannotRead(path, e);
        }
    }
}

/// <summary>Lists of token ids on the command line.</summary>
internal static class IdList
{
    /// <summary>A number as the user wrote it.</summary>
    public static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary><c>1,2,3</c>, with or without spaces.</summary>
    public static int[] Parse(string option, string text) =>
        [.. text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(x => int.TryParse(x, CultureInfo.InvariantCulture, out int id) ? id : throw CliErrors.BadValue(option, x, "a token id"))];
}
