using System.Text;

namespace LlmToolkit.Cli;

/// <summary>Asks at the terminal for a word that nobody should read over a shoulder.</summary>
internal static class SecretPrompt
{
    /// <summary>Longest word that is taken: what is pasted by mistake may be a whole file.</summary>
    private const int Longest = 8192;

    /// <summary>Asks without showing what is typed; null: there is no terminal.</summary>
    /// <exception cref="OperationCanceledException">Ctrl-C or the end of input was typed.</exception>
    public static string? Ask(string prompt, CancellationToken cancellationToken)
    {
        if (Console.IsInputRedirected)
        {
            return null;
        }

        Console.Error.Write(prompt);
        bool before = Console.TreatControlCAsInput;
        try
        {
            // As a key it ends the prompt; as a signal it would wait for the key that never comes.
            Console.TreatControlCAsInput = true;
            return Read(cancellationToken);
        }
        finally
        {
            Console.TreatControlCAsInput = before;
            Console.Error.WriteLine();
        }
    }

    private static string Read(CancellationToken cancellationToken)
    {
        StringBuilder word = new();
        while (word.Length < Longest)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ConsoleKeyInfo key = Console.ReadKey(intercept: true);
            switch (key)
            {
                case { Key: ConsoleKey.Enter }:
                    return word.ToString();
                case { Key: ConsoleKey.C or ConsoleKey.D, Modifiers: ConsoleModifiers.Control }:
                    throw new OperationCanceledException(cancellationToken);
                case { Key: ConsoleKey.Backspace }:
                    word.Length = Math.Max(0, word.Length - 1);
                    break;
                case { KeyChar: > '\u001F' }:
                    word.Append(key.KeyChar);
                    break;
            }
        }

        return word.ToString();
    }
}
