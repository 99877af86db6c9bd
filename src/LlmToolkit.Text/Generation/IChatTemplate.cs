namespace LlmToolkit.Text;

/// <summary>A model's way of writing a conversation as one text. Immutable and safe for concurrent use.</summary>
public interface IChatTemplate
{
    /// <summary>Writes the messages; <paramref name="addGenerationPrompt"/> adds what opens the assistant's answer.</summary>
    /// <returns>Segments in order: the template's own text may hold control tokens, what came from the messages may not.</returns>
    /// <exception cref="ModelException">The template refuses the messages or is broken.</exception>
    IReadOnlyList<PromptSegment> Render(IReadOnlyList<ChatTurn> messages, bool addGenerationPrompt);
}
