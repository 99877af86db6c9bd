using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using LlmToolkit.Cli.Rendering;

namespace LlmToolkit.Cli.Commands;

/// <summary><c>run [MODEL] [PROMPT]</c>: one answer, streamed.</summary>
internal static class RunCommand
{
    private static readonly string[] s_modelEndings = [".gguf", ".safetensors", ".bin", ".pt", ".pth", ".onnx", ".json"];

    public static Command Create(CliHost host)
    {
        Argument<string[]> words = new("MODEL PROMPT") { Description = "The model, then the prompt. One alone is the model, unless it holds white space.", Arity = new ArgumentArity(0, 2) };
        Option<string?> model = new("--model", "-m") { Description = "The model.", HelpName = "MODEL" };
        Option<string?> prompt = new("--prompt", "-p") { Description = "The prompt.", HelpName = "TEXT" };
        Option<string?> file = new("--file", "-f") { Description = "Read the prompt from a file.", HelpName = "FILE" };
        Option<string?> system = new("--system", "-s") { Description = "The system message.", HelpName = "TEXT" };
        Option<string?> ids = new("--ids") { Description = "Token ids, used exactly as given: 1,2,3.", HelpName = "IDS" };
        Option<bool> raw = new("--raw") { Description = "No chat template: continue the text." };
        Command command = new("run", """
            Answer a prompt with a model. Without a model the built-in one is used.

            Examples:
              llmtk run "Tell me a story about a fox."
              llmtk run model.gguf "Why is the sky blue?" --max-tokens 200
              echo "Once upon a time" | llmtk run -m ./folder --raw --temperature 0
              llmtk run model.gguf --file question.txt --system "Answer in one sentence." --json
            """) { words, model, prompt, file, system, ids, raw };
        ModelOptions loading = new(command, exact: true);
        SamplingOptions sampling = new(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            (string? source, string? text) = Split(result.GetValue(words) ?? [], result.GetValue(model), result.GetValue(prompt));
            int[]? tokens = result.GetValue(ids) is string list ? IdList.Parse("--ids", list) : null;
            RefuseTwoPrompts(text, result.GetValue(file), tokens);
            text = tokens is not null ? null : text ?? await ReadPromptAsync(host, result.GetValue(file), cancellationToken).ConfigureAwait(false);
            GenerateOptions options = sampling.Read(result);
            await using LoadedModel loaded = await LoadedModel.LoadAsync(host, result, source, loading.Read(host, result), cancellationToken).ConfigureAwait(false);
            Prompt asked = Build(result.GetValue(GlobalOptions.Quiet) ? null : host, loaded, tokens, text, result.GetValue(system), result.GetValue(raw));
            return await AnswerAsync(host, result, loaded, asked, options, cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    /// <summary>Which of the words is the model and which the prompt.</summary>
    internal static (string? Model, string? Prompt) Split(string[] words, string? model, string? prompt)
    {
        switch (words.Length)
        {
            case 2:
                return model is not null ? throw CliErrors.Conflict("the model as first argument", "--model")
                    : prompt is not null ? throw CliErrors.Conflict("the prompt as second argument", "--prompt")
                    : (words[0], words[1]);
            case 1 when model is not null:
                // The model is named already, so the one word is the prompt.
                return prompt is null ? (model, words[0]) : throw CliErrors.Conflict("the prompt as argument", "--prompt");
            case 1:
                return !IsPrompt(words[0]) ? (words[0], prompt)
                    : prompt is null ? ((string?)null, words[0])
                    : throw CliErrors.Conflict("the prompt as argument", "--prompt");
            default:
                return (model, prompt);
        }
    }

    private static void RefuseTwoPrompts(string? text, string? file, int[]? ids)
    {
        string[] given = [.. new[] { text is null ? null : "a prompt", file is null ? null : "--file", ids is null ? null : "--ids" }.OfType<string>()];
        if (given.Length > 1)
        {
            throw CliErrors.Conflict(given[0], given[1]);
        }
    }

    /// <summary>Prints or streams one answer, with its last line of figures on stderr.</summary>
    private static async Task<int> AnswerAsync(CliHost host, ParseResult result, LoadedModel loaded, Prompt prompt, GenerateOptions options, CancellationToken cancellationToken)
    {
        bool json = result.GetValue(GlobalOptions.Json);
        StringBuilder answer = new();
        List<int> ids = [];
        TextChunk? last = null;
        using StreamWriter stream = new(host.Out, new UTF8Encoding(false), 256, leaveOpen: true) { AutoFlush = true };
        try
        {
            using ProgressLine progress = new(host, result);
            await foreach (TextChunk chunk in progress.UntilFirst(loaded.Model.GenerateAsync(prompt, options, cancellationToken)).ConfigureAwait(false))
            {
                answer.Append(chunk.Text);
                ids.AddRange(chunk.Ids);
                last = chunk;
                if (!json && chunk.Text.Length > 0)
                {
                    await stream.WriteAsync(host.OutRedirected ? chunk.Text : DiagnosticOutput.Safe(chunk.Text)).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            if (!json && answer.Length > 0 && answer[^1] != '\n')
            {
                await stream.WriteLineAsync().ConfigureAwait(false);
            }
        }

        if (json)
        {
            JsonOutput.Document(host.Out, w => Write(w, loaded, answer.ToString(), ids, last));
        }
        else if (!result.GetValue(GlobalOptions.Quiet) && last?.Usage is TokenUsage usage)
        {
            await host.Error.WriteLineAsync(Figures(usage)).ConfigureAwait(false);
        }

        return cancellationToken.IsCancellationRequested || last?.FinishReason == FinishReason.Cancelled ? 130 : 0;
    }

    /// <summary>The JSON of an answer; <c>chat --json</c> writes the same.</summary>
    internal static void Write(Utf8JsonWriter w, LoadedModel loaded, string text, IEnumerable<int> ids, TextChunk? last)
    {
        TokenUsage usage = last?.Usage ?? new TokenUsage(0, 0, 0);
        w.WriteStartObject();
        w.WriteString("text", text);
        w.Ids("ids", ids);
        w.WriteString("finish_reason", DiagnosticOutput.Lower(last?.FinishReason ?? FinishReason.Cancelled));
        w.WriteStartObject("usage");
        w.WriteNumber("prompt_tokens", usage.PromptTokens);
        w.WriteNumber("completion_tokens", usage.CompletionTokens);
        w.WriteNumber("cached_tokens", usage.CachedTokens);
        w.WriteNumber("dropped_tokens", usage.DroppedTokens);
        w.WriteEndObject();
        w.WriteStartObject("timings");
        Ms(w, "load_ms", loaded.LoadTime);
        Ms(w, "prompt_ms", usage.PromptTime);
        w.WritePropertyName("prompt_tokens_per_second");
        w.Number(Rate(usage.PromptTokens - usage.CachedTokens, usage.PromptTime));
        Ms(w, "generation_ms", usage.GenerationTime);
        w.WritePropertyName("tokens_per_second");
        w.Number(Rate(usage.CompletionTokens, usage.GenerationTime));
        w.WriteEndObject();
        w.WriteStartObject("memory");
        w.WriteNumber("peak_bytes", LoadedModel.PeakBytes());
        w.WriteNumber("kv_bytes", loaded.KvBytes);
        w.WriteEndObject();
        w.WriteEndObject();
    }

    /// <summary>The last line of an answer, for people.</summary>
    internal static string Figures(TokenUsage usage) => string.Create(
        CultureInfo.InvariantCulture,
        $"prompt {usage.PromptTokens} tokens ({Rate(usage.PromptTokens - usage.CachedTokens, usage.PromptTime):0.#} tokens/s{(usage.CachedTokens > 0 ? $", {usage.CachedTokens} cached" : "")}), generated {usage.CompletionTokens} tokens ({Rate(usage.CompletionTokens, usage.GenerationTime):0.#} tokens/s){(usage.DroppedTokens > 0 ? $", {usage.DroppedTokens} oldest tokens dropped" : "")}, peak memory {Output.Size(LoadedModel.PeakBytes())}");

    private static double Rate(int tokens, TimeSpan time) => time > TimeSpan.Zero ? Math.Round(tokens / time.TotalSeconds, 2) : 0;

    private static void Ms(Utf8JsonWriter w, string name, TimeSpan time)
    {
        w.WritePropertyName(name);
        w.Number(Math.Round(time.TotalMilliseconds, 3));
    }

    private static Prompt Build(CliHost? notes, LoadedModel loaded, int[]? ids, string? text, string? system, bool raw)
    {
        if (system is not null && (ids is not null || raw || !loaded.Model.Info.HasChatTemplate))
        {
            notes?.Error.WriteLine("note: --system is not used: there is no chat template to put it in.");
        }

        if (ids is not null)
        {
            return Prompt.FromIds(ids);
        }

        if (!raw && loaded.Model.Info.HasChatTemplate)
        {
            List<ChatTurn> turns = [.. system is null ? Array.Empty<ChatTurn>() : [new ChatTurn("system", system)], new ChatTurn("user", text!)];
            return loaded.Model.ApplyTemplate(turns);
        }

        return Prompt.FromText(text!);
    }

    private static async Task<string> ReadPromptAsync(CliHost host, string? file, CancellationToken cancellationToken)
    {
        if (file is not null && file != "-")
        {
            return await TextFile.ReadAsync(file, cancellationToken).ConfigureAwait(false);
        }

        if (file is null && !host.InRedirected)
        {
            throw CliErrors.NoPrompt(piped: false);
        }

        using StreamReader reader = new(host.In, new UTF8Encoding(false), true, 4096, leaveOpen: true);
        string text = await reader.ReadToEndAsync(CancellationToken.None).WaitAsync(cancellationToken).ConfigureAwait(false);
        text = text.EndsWith('\n') ? text[..^1].TrimEnd('\r') : text;
        return text.Length > 0 ? text : throw CliErrors.NoPrompt(piped: true);
    }

    private static bool IsPrompt(string word) =>
        word.Any(char.IsWhiteSpace) && !s_modelEndings.Any(e => word.EndsWith(e, StringComparison.OrdinalIgnoreCase));
}
