using System.Text.Json;
using LlmToolkit.Text.Templates;

namespace LlmToolkit.Text;

/// <summary>A model's chat template in the Jinja language, run by an interpreter of our own: it sees plain values only, and its steps, depth and output are bounded.</summary>
/// <remarks>Renders as transformers' <c>apply_chat_template</c> does. Immutable and safe for concurrent use.</remarks>
public sealed class ChatTemplate : IChatTemplate
{
    private readonly Statement[] _template;
    private readonly (string Name, string Text)[] _specialTokens;

    private ChatTemplate(string source, Tokenizer? tokenizer)
    {
        Source = source;
        _template = Parser.Parse(source);
        _specialTokens = tokenizer is null ? [] : [.. SpecialTokens(tokenizer)];
    }

    /// <summary>The template's text.</summary>
    public string Source { get; }

    /// <summary>The clock that <c>strftime_now</c> reads. Default: the system's.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Reads a template.</summary>
    /// <param name="source">The template, or the short name of a built-in one such as <c>chatml</c>: some files hold that instead.</param>
    /// <param name="tokenizer">Names the special tokens; null: there are none.</param>
    /// <exception cref="ModelException">The text is not in the language, or the name is unknown.</exception>
    public static ChatTemplate Parse(string source, Tokenizer? tokenizer = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new ChatTemplate(BuiltInTemplates.Resolve(source), tokenizer);
    }

    /// <summary>Renders any template of the language with plain variables: nothing is prepared, nothing is known of messages.</summary>
    /// <param name="source">The template.</param>
    /// <param name="context">An object: variables by name.</param>
    /// <param name="now">What <c>strftime_now</c> tells; null: the local time.</param>
    /// <exception cref="ModelException">The template is broken, or it fails.</exception>
    public static string RenderPlain(string source, JsonElement context, DateTime? now = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        IEnumerable<(string, Value)> variables = context.ValueKind == JsonValueKind.Object ? context.EnumerateObject().Select(p => (p.Name, JsonValues.From(p.Value))) : [];
        return Run(Parser.Parse(source), variables, now ?? TimeProvider.System.GetLocalNow().DateTime).Text;
    }

    /// <inheritdoc/>
    public IReadOnlyList<PromptSegment> Render(IReadOnlyList<ChatTurn> messages, bool addGenerationPrompt)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ChatRequest request = ChatRequest.From(messages, addGenerationPrompt);
        return Segments(Render(request, [], Clock.GetLocalNow().DateTime));
    }

    /// <summary>Renders a conversation with all that belongs to it.</summary>
    /// <returns>Segments in order: the template's own text may hold control tokens, what came from the input may not.</returns>
    /// <exception cref="ModelException">The template refuses the messages or is broken.</exception>
    public IReadOnlyList<PromptSegment> Render(ChatTemplateInput input) => Segments(RenderValue(input));

    /// <summary>The same as one text.</summary>
    /// <exception cref="ModelException">The template refuses the messages or is broken.</exception>
    public string RenderText(ChatTemplateInput input) => RenderValue(input).Text;

    private StringValue RenderValue(ChatTemplateInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        List<(string, Value)> tokens = [];
        if (input.BosToken is not null)
        {
            tokens.Add(("bos_token", StringValue.Of(input.BosToken)));
        }

        if (input.EosToken is not null)
        {
            tokens.Add(("eos_token", StringValue.Of(input.EosToken)));
        }

        return Render(ChatRequest.From(input), tokens, input.Now ?? Clock.GetLocalNow().DateTime);
    }

    private StringValue Render(ChatRequest request, IEnumerable<(string, Value)> tokens, DateTime now)
    {
        request.Prepare(Source);
        IEnumerable<(string, Value)> own = _specialTokens.Select(t => (t.Name, (Value)StringValue.Of(t.Text)));
        StringValue rendered = Run(_template, own.Concat(tokens).Concat(request.Variables), now);
        return request.Finish(rendered);
    }

    private static StringValue Run(Statement[] template, IEnumerable<(string, Value)> variables, DateTime now)
    {
        Evaluator run = new(now);
        try
        {
            return run.Run(template, variables);
        }
        catch (ModelException e)
        {
            throw TemplateErrors.At(e, run.Line);
        }
    }

    private static IEnumerable<(string, string)> SpecialTokens(Tokenizer tokenizer)
    {
        (string, int?)[] tokens = [("bos_token", tokenizer.BosToken), ("eos_token", tokenizer.EosToken), ("pad_token", tokenizer.PadToken), ("unk_token", tokenizer.UnknownToken)];
        foreach ((string name, int? id) in tokens)
        {
            if (id is int token)
            {
                yield return (name, tokenizer.TokenText(token));
            }
        }
    }

    private static List<PromptSegment> Segments(StringValue rendered)
    {
        List<PromptSegment> segments = [];
        int at = 0;
        foreach (TextRange range in rendered.Input)
        {
            Add(segments, rendered.Text[at..range.Start], true);
            Add(segments, rendered.Text[range.Start..range.End], false);
            at = range.End;
        }

        Add(segments, rendered.Text[at..], true);
        return segments;
    }

    private static void Add(List<PromptSegment> segments, string text, bool allowControl)
    {
        if (text.Length > 0)
        {
            segments.Add(new PromptSegment(text, allowControl));
        }
    }
}
