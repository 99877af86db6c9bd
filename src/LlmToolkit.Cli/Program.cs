using System.CommandLine;
using LlmToolkit.Cli.Commands;
using LlmToolkit.Cli.Commands.Hub;
using LlmToolkit.Cli.Rendering;

namespace LlmToolkit.Cli;

/// <summary>llmtk: parses, runs a command, and turns every failure into one diagnostic and an exit code.</summary>
internal static class Program
{
    private const int Cancelled = 130;

    public static async Task<int> Main(string[] args)
    {
        using CancellationTokenSource stop = new();
        Console.CancelKeyPress += (_, e) =>
        {
            // The first Ctrl-C stops cleanly; a second one ends the process.
            e.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        };
        using System.Runtime.InteropServices.PosixSignalRegistration term = System.Runtime.InteropServices.PosixSignalRegistration.Create(
            System.Runtime.InteropServices.PosixSignal.SIGTERM, c =>
            {
                c.Cancel = true;
                stop.Cancel();
            });
        return await RunAsync(args, CliHost.Console(), stop.Token).ConfigureAwait(false);
    }

    /// <summary>Runs one command line against the given streams.</summary>
    public static async Task<int> RunAsync(string[] args, CliHost host, CancellationToken cancellationToken)
    {
        RootCommand root = Build(host);
        ParseResult result = root.Parse(args.Length == 0 ? ["--help"] : args);
        bool json = result.GetValue(GlobalOptions.Json);
        try
        {
            if (result.Action is not HelpText && UsageErrors.Find(result) is Diagnostic wrong)
            {
                return Fail(host, result, wrong);
            }

            using StreamWriter text = new(host.Out, new System.Text.UTF8Encoding(false), 1024, leaveOpen: true);
            return await result.InvokeAsync(
                new InvocationConfiguration { Output = text, Error = host.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
                cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            if (json)
            {
                Fail(host, result, CliErrors.Stopped());
            }
            else
            {
                await host.Error.WriteLineAsync("stopped").ConfigureAwait(false);
            }

            return Cancelled;
        }
        catch (IOException e) when (IsClosedPipe(e))
        {
            // The reader of our output went away (head, less): nothing is wrong.
            return 0;
        }
#pragma warning disable CA1031 // The last line of defence: whatever comes becomes a diagnostic, not a stack trace.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return Fail(host, result, new ErrorReporter().Explain(e), e);
        }
    }

    /// <summary>The command tree; one line a command.</summary>
    internal static RootCommand Build(CliHost host)
    {
        RootCommand root = new("""
            Load any large language model, whatever it was saved as, and run it in-process.

            Examples:
              llmtk run "Tell me a story about a fox."
              llmtk run model.gguf "Why is the sky blue?"
              llmtk chat ./model-folder
              llmtk inspect model.safetensors --tensors
              llmtk validate downloads/*.gguf
              llmtk serve model.gguf --port 8080
            """);
        foreach (Option option in GlobalOptions.All)
        {
            root.Options.Add(option);
        }

        root.Subcommands.Add(DetectCommand.Create(host));
        root.Subcommands.Add(InspectCommand.Create(host));
        root.Subcommands.Add(ValidateCommand.Create(host));
        root.Subcommands.Add(ListCommand.Create(host));
        root.Subcommands.Add(PlanCommand.Create(host));
        root.Subcommands.Add(RunCommand.Create(host));
        root.Subcommands.Add(ChatCommand.Create(host));
        root.Subcommands.Add(LogitsCommand.Create(host));
        root.Subcommands.Add(EmbedCommand.Create(host));
        root.Subcommands.Add(TokenizeCommand.Create(host));
        root.Subcommands.Add(DetokenizeCommand.Create(host));
        root.Subcommands.Add(TemplateCommand.Create(host));
        root.Subcommands.Add(DumpCommand.Create(host));
        root.Subcommands.Add(PerplexityCommand.Create(host));
        root.Subcommands.Add(BenchCommand.Create(host));
        root.Subcommands.Add(ServeCommand.Create(host));
        root.Subcommands.Add(ExplainCommand.Create(host));
        root.Subcommands.Add(HubCommand.Create(host));
        root.Subcommands.Add(ConfigCommand.Create(host));
        root.Subcommands.Add(AliasCommand.Create(host));
        root.Subcommands.Add(CacheCommand.Create(host));
        foreach (Command list in ListCommands.Create(host))
        {
            root.Subcommands.Add(list);
        }

        HelpText.Install(root);
        return root;
    }

    private static int Fail(CliHost host, ParseResult result, Diagnostic diagnostic, Exception? exception = null)
    {
        try
        {
            // A full disk under stdout leaves stderr to speak.
            if (result.GetValue(GlobalOptions.Json) && !(exception is IOException && CliErrors.IsDiskFull(exception)))
            {
                JsonOutput.Document(host.Out, w => w.WriteError(diagnostic));
            }
            else
            {
                DiagnosticOutput.Print(host, result, diagnostic);
            }

            // Where it came from is for whoever reports it, not for whoever only wants to go on.
            if (result.GetValue(GlobalOptions.Verbose) && (exception is ModelException ? exception.InnerException : exception) is { } inner)
            {
                host.Error.WriteLine(DiagnosticOutput.Safe(inner.ToString()));
            }
        }
        catch (IOException)
        {
            // Nobody reads our output any more; the exit code still tells.
        }

        return (int)diagnostic.Kind;
    }

    private static bool IsClosedPipe(IOException e) => e.HResult is 32 or unchecked((int)0x8007006D) || e.InnerException is System.Net.Sockets.SocketException;
}
