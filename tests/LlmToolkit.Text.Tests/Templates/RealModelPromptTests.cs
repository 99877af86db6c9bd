using System.Text.Json;
using LlmToolkit.Tests.Tokenizers;
using LlmToolkit.Text;

namespace LlmToolkit.Tests.Templates;

/// <summary>Conversations of two real models, from the template in their GGUF to token ids.</summary>
public sealed class RealModelPromptTests
{
    [Theory]
    [InlineData("tiny-stories", "tiny-stories-f16.gguf", "prompts", "ids")]
    [InlineData("smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf", "cases", "tokens")]
    public void Render_OwnConversations_GiveReferencePromptAndIds(string model, string file, string list, string ids)
    {
        string folder = SharedData.Require("models", model);
        MiniGguf gguf = MiniGguf.Open(Path.Combine(folder, file));
        Tokenizer tokenizer = TokenizerFactory.Create(new TokenizerSource { Metadata = gguf });
        ChatTemplate template = ChatTemplate.Parse(gguf.Text("tokenizer.chat_template")!, tokenizer);
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
        int count = 0;
        foreach (JsonElement item in expected.RootElement.GetProperty(list).EnumerateArray().Where(i => i.TryGetProperty("messages", out _)))
        {
            ChatTurn[] turns = [.. item.GetProperty("messages").EnumerateArray().Select(m => new ChatTurn(m.GetProperty("role").GetString()!, m.GetProperty("content").GetString()!))];

            Prompt prompt = Prompt.FromTemplate(template.Render(turns, addGenerationPrompt: true));

            Assert.Equal(item.GetProperty("text").GetString(), prompt.ToString());
            Assert.Equal(item.GetProperty(ids).EnumerateArray().Select(i => i.GetInt32()), tokenizer.Encode(prompt));
            count++;
        }

        Assert.NotEqual(0, count);
    }
}
