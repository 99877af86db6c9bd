using LlmToolkit.Text;

namespace LlmToolkit.Loading.Checks;

/// <summary>The chat template can be read and writes an ordinary conversation.</summary>
internal sealed class TemplateRenders(TextParts parts) : IModelCheck
{
    private const string Question = "Which river?";

    /// <summary>The code of what a template raises itself.</summary>
    private const string Raised = "LT3102";

    private static readonly ChatTurn[] s_turns = [new("user", "Hello."), new("assistant", "Hello! How are you?"), new("user", Question)];

    public string Name => "template";

    public bool IsThorough => true;

    public IEnumerable<Diagnostic> Check(ModelDescription description)
    {
        if (description.Container is not { ChatTemplate: { } text })
        {
            yield break;
        }

        string file = description.Artifact.Path;
        Tokenizer? tokenizer = parts.Of(description).Tokenizer;
        (string rendered, Diagnostic? fault) = Render(text, tokenizer, s_turns);
        if (fault is not null)
        {
            yield return fault with { Severity = Severity.Medium, File = fault.File ?? file };
        }
        else if (!rendered.Contains(Question, StringComparison.Ordinal))
        {
            yield return CheckErrors.TemplateLosesText(file);
        }
        else if (Render(text, tokenizer, [new ChatTurn("system", "Be brief."), .. s_turns]).Fault is { Code: Raised } refused)
        {
            yield return CheckErrors.NoSystemMessage(file, refused.Message);
        }
    }

    private static (string Text, Diagnostic? Fault) Render(string template, Tokenizer? tokenizer, IReadOnlyList<ChatTurn> turns)
    {
        try
        {
            return (string.Concat(ChatTemplate.Parse(template, tokenizer).Render(turns, addGenerationPrompt: true).Select(s => s.Text)), null);
        }
        catch (ModelException e)
        {
            return ("", e.Diagnostic);
        }
    }
}
