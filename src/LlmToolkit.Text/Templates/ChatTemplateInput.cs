using System.Text.Json;

namespace LlmToolkit.Text;

/// <summary>Everything that a chat template may be given. Immutable.</summary>
public sealed record ChatTemplateInput
{
    /// <summary>The messages: an array of objects with <c>role</c>, <c>content</c> (text or a list of parts) and what else the template reads.</summary>
    public required JsonElement Messages { get; init; }

    /// <summary>Tools that the model may call: an array of JSON schemas. Default: none.</summary>
    public JsonElement? Tools { get; init; }

    /// <summary>Documents to answer from: an array of objects. Default: none.</summary>
    public JsonElement? Documents { get; init; }

    /// <summary>Write what opens the assistant's answer. Default: true.</summary>
    public bool AddGenerationPrompt { get; init; } = true;

    /// <summary>The field of the last message that the model shall continue, usually <c>content</c>: the rendering ends with it. Default: none.</summary>
    public string? ContinueFinalMessage { get; init; }

    /// <summary>More variables, such as <c>enable_thinking</c>. They cannot take the place of messages, tools, documents and add_generation_prompt.</summary>
    public IReadOnlyDictionary<string, JsonElement> Extra { get; init; } = new Dictionary<string, JsonElement>();

    /// <summary>Text of the begin token; null: the tokenizer's.</summary>
    public string? BosToken { get; init; }

    /// <summary>Text of the end token; null: the tokenizer's.</summary>
    public string? EosToken { get; init; }

    /// <summary>The local time that the template sees; null: the clock's.</summary>
    public DateTime? Now { get; init; }
}
