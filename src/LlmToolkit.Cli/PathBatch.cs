using System.CommandLine;
using LlmToolkit.Cli.Rendering;

namespace LlmToolkit.Cli;

/// <summary>Judges a method's batch of paths.</summary>
internal delegate IAsyncEnumerable<BatchResult<T>> JudgeAll<T>(IEnumerable<string> paths, BatchOptions? options, IProgress<BatchProgress>? progress, CancellationToken cancellationToken)
    where T : class;

/// <summary>Commands over many paths: a line each, in order, as they come; one path that cannot be read does not hide the others.</summary>
internal static class PathBatch
{
    /// <summary>Judges the paths and writes each.</summary>
    /// <returns>The exit code of the first path that could not be read; null: all could.</returns>
    /// <exception cref="ModelException">The only path cannot be read.</exception>
    public static async Task<int?> RunAsync<T>(
        CliHost host, ParseResult result, string[] paths, JudgeAll<T> judge, BatchOptions options, Action<string, T> write, CancellationToken cancellationToken)
        where T : class
    {
        options = options with { Concurrency = GlobalOptions.ThreadsOf(host, result) };
        int? failure = null;
        using ProgressLine progress = new(host, result);
        if (paths.Length == 1)
        {
            options = options with { Scan = progress };
        }

        IAsyncEnumerator<BatchResult<T>> results = judge(paths, options, paths.Length > 1 ? new BatchLine(progress, paths.Length) : null, cancellationToken).GetAsyncEnumerator(CancellationToken.None);
        await using (results.ConfigureAwait(false))
        {
            while (await progress.WaitAsync(results.MoveNextAsync().AsTask(), paths.Length > 1 ? null : $"reading {DiagnosticOutput.Safe(Path.GetFileName(paths[0]))}").ConfigureAwait(false))
            {
                progress.Clear();
                (string path, T? value, Diagnostic? error) = results.Current;
                if (value is not null)
                {
                    write(path, value);
                }
                else if (paths.Length == 1)
                {
                    throw new ModelException(error!);
                }
                else
                {
                    failure ??= (int)error!.Kind;
                    DiagnosticOutput.Item(host, result, error!, w => w.WriteString("path", path));
                }
            }
        }

        return failure;
    }

    /// <summary>The batch's progress as a line.</summary>
    private sealed class BatchLine(ProgressLine line, int all) : IProgress<BatchProgress>
    {
        public void Report(BatchProgress value) => line.Report($"{value.Done} of {all}, {DiagnosticOutput.Safe(Path.GetFileName(value.Source))}");
    }
}
