using LlmToolkit.Tests.Loading;
using LlmToolkit.Text;

namespace LlmToolkit.Tests.Diagnosis;

/// <summary>Templates, prompts and numbers: A48-A50, B06, F15.</summary>
internal static partial class FailureTable
{
    private static IReadOnlyList<FailureCase> Text =>
    [
        Template("A49", "filter that does not exist", "Unknown … filter: rejectattrs", "LT3100", "chat_template", "{{ messages|rejectattrs('x')|list }}"),
        Template("A49", "block that does not end", "failed to parse chat template", "LT3100", "chat_template", "{% for m in messages %}{{ m.content }}") with { Says = "line" },
        Template("A49", "undefined value", "tried to use + operator on unsupported types undefined and string", "LT3103", "messages", "{{ bos_tokens + 'x' }}") with { Says = "bos_tokens" },
        Template("A50", "template refuses roles", "Conversation roles must alternate user/assistant/user/assistant/...", "LT3102", "user and assistant by turns", "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}") with { Says = "raise_exception" },
        Template("A50", "no system message", "System role not supported", "LT3102", "system message", "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"),
        new("A48", "base model asked to chat", "(endless text)", "LT3204", "--raw") { Make = _ => Path.Combine(SharedData.Fixtures, "conformance", "gguf", "gpt2.gguf"), Do = ChatAsync },
        new("B06", "prompt longer than the context", "request (9000 tokens) exceeds the available context size (4096)", "LT3205", "context") { Make = _ => TemporaryFolder.PackedModel, Do = LongPromptAsync, Says = "16" },
    ];

    private static FailureCase Template(string id, string what, string elsewhere, string code, string fix, string template) => new(id, what, elsewhere, code, fix)
    {
        Make = folder => folder.File("chat_template.jinja", template),
        Do = (path, _) =>
        {
            try
            {
                ChatTemplate.Parse(System.IO.File.ReadAllText(path)).Render([new ChatTurn("system", "Be brief."), new ChatTurn("user", "hi")], addGenerationPrompt: true);
                return Task.FromResult<Diagnostic?>(null);
            }
            catch (ModelException e)
            {
                return Task.FromResult<Diagnostic?>(e.Diagnostic);
            }
        },
    };

    private static async Task<Diagnostic?> ChatAsync(string path, CancellationToken cancellationToken)
    {
        await using ILanguageModel model = await new ModelLoader().LoadAsync(path, cancellationToken: cancellationToken);
        try
        {
            _ = model.ApplyTemplate([new ChatTurn("user", "hi")]);
            return null;
        }
        catch (ModelException e)
        {
            return e.Diagnostic;
        }
    }

    private static async Task<Diagnostic?> LongPromptAsync(string path, CancellationToken cancellationToken)
    {
        await using ILanguageModel model = await new ModelLoader().LoadAsync(path, new LoadOptions { ContextLength = 16 }, cancellationToken: cancellationToken);
        try
        {
            await foreach (TextChunk _ in model.GenerateAsync(string.Join(' ', Enumerable.Repeat("fox", 40)), cancellationToken: cancellationToken))
            {
            }

            return null;
        }
        catch (ModelException e)
        {
            return e.Diagnostic;
        }
    }
}
