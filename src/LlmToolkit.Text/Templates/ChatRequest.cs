using System.Text.Json;

namespace LlmToolkit.Text.Templates;

/// <summary>A conversation on its way into a template, prepared as transformers prepares it.</summary>
internal sealed class ChatRequest
{
    /// <summary>Marks where the final message ends; cut off after rendering. The text is transformers', because a template's trimming shows in its last space.</summary>
    private const string Tag = "CONTINUE_FINAL_MESSAGE_TAG ";

    /// <summary>Roles that are words of the format, not of the caller: templates build control tokens from them (<c>'&lt;|' + role + '|&gt;'</c>), so they count as the template's text.</summary>
    private static readonly HashSet<string> s_roles = new(StringComparer.Ordinal) { "system", "developer", "user", "assistant", "model", "tool", "function", "ipython" };

    private static readonly string[] s_reserved = ["messages", "tools", "documents", "add_generation_prompt"];

    private readonly List<DictValue> _messages = [];
    private readonly List<(string Name, Value Value)> _others = [];
    private readonly bool _addGenerationPrompt;
    private readonly string? _continued;
    private string _finalText = "";

    private ChatRequest(bool addGenerationPrompt, string? continued) => (_addGenerationPrompt, _continued) = (addGenerationPrompt, continued);

    /// <summary>What the template sees.</summary>
    public IEnumerable<(string Name, Value Value)> Variables =>
        [("messages", new ListValue(_messages)), ("add_generation_prompt", BoolValue.Of(_addGenerationPrompt)), .. _others];

    public static ChatRequest From(IReadOnlyList<ChatTurn> turns, bool addGenerationPrompt)
    {
        ChatRequest request = new(addGenerationPrompt, null);
        foreach (ChatTurn turn in turns)
        {
            DictValue message = new();
            message.Set("role", Role(StringValue.FromInput(turn.Role)));
            message.Set("content", StringValue.FromInput(turn.Content));
            request._messages.Add(message);
        }

        request._others.AddRange([("tools", NoneValue.Instance), ("documents", NoneValue.Instance)]);
        return request;
    }

    public static ChatRequest From(ChatTemplateInput input)
    {
        ChatRequest request = new(input.AddGenerationPrompt, input.ContinueFinalMessage);
        if (input.Messages.ValueKind != JsonValueKind.Array || input.Messages.EnumerateArray().Any(m => m.ValueKind != JsonValueKind.Object))
        {
            throw TemplateErrors.Conversation("The messages are not a list of objects.", "messages", "Write them as [{\"role\": \"user\", \"content\": \"…\"}].");
        }

        request._messages.AddRange(input.Messages.EnumerateArray().Select(Message));
        request._others.Add(("tools", input.Tools is { } tools ? JsonValues.From(tools) : NoneValue.Instance));
        request._others.Add(("documents", input.Documents is { } documents ? JsonValues.From(documents) : NoneValue.Instance));
        foreach ((string name, JsonElement value) in input.Extra)
        {
            if (s_reserved.Contains(name))
            {
                throw TemplateErrors.Conversation($"The extra variable \"{name}\" would replace the conversation's own.", name, "Give it in its own place, not among the extra variables.");
            }

            request._others.Add((name, JsonValues.From(value)));
        }

        return request;
    }

    /// <summary>Refuses what no template can render, and marks the end of the message that is to be continued.</summary>
    public void Prepare(string template)
    {
        if (_messages.Count == 0)
        {
            throw TemplateErrors.Conversation("The conversation has no messages.", "messages", "Give at least one message.");
        }

        if (_continued is not string field)
        {
            return;
        }

        if (_addGenerationPrompt)
        {
            throw TemplateErrors.Conversation("continue_final_message and add_generation_prompt exclude one another.", "continue_final_message", "Leave add_generation_prompt out: the answer has already begun.");
        }

        if (!template.Contains(field, StringComparison.Ordinal))
        {
            throw Impossible($"the template does not read the field \"{field}\"");
        }

        DictValue last = _messages[^1];
        switch (last.Find(field))
        {
            case StringValue text:
                _finalText = text.Text;
                last.Set(field, Tagged(text));
                break;
            case ListValue parts:
                last.Set(field, TagLastText(parts));
                break;
            default:
                throw Impossible($"the last message has no text in \"{field}\"");
        }
    }

    /// <summary>Cuts the rendering after the message that is to be continued.</summary>
    public StringValue Finish(StringValue rendered)
    {
        if (_continued is null)
        {
            return rendered;
        }

        string text = rendered.Text;
        string tag = Tag.TrimEnd();
        int at = text.LastIndexOf(tag, StringComparison.Ordinal);
        if (at < 0 || !text.Contains(StringValue.Of(_finalText).Trim().Text, StringComparison.Ordinal))
        {
            throw Impossible("the template does not write the last message as it is");
        }

        StringValue cut = rendered.Slice(0, at);
        return string.CompareOrdinal(text, at, Tag, 0, Tag.Length) == 0 ? cut : cut.Trim(start: false);
    }

    private static DictValue Message(JsonElement json)
    {
        DictValue message = new();
        foreach ((Value key, Value value) in JsonValues.Dict(json).Entries)
        {
            if (value is not NoneValue)
            {
                message.Set(key, key is StringValue { Text: "role" } && value is StringValue role ? Role(role) : value);
            }
        }

        if ((message.Find("reasoning_content") ?? message.Find("thinking") ?? message.Find("reasoning")) is Value reasoning)
        {
            message.Set("reasoning_content", reasoning);
            if (message.Find("thinking") is null)
            {
                message.Set("thinking", reasoning);
            }
        }

        return message;
    }

    private static StringValue Role(StringValue role) => s_roles.Contains(role.Text) ? StringValue.Of(role.Text) : role;

    private static StringValue Tagged(StringValue text) => new TextBuilder().Append(text).Append(Tag, isInput: true).Build();

    private ListValue TagLastText(ListValue parts)
    {
        Value[] items = [.. parts.Items];
        for (int i = items.Length - 1; i >= 0; i--)
        {
            if (items[i] is DictValue part && part.Find("text") is StringValue text)
            {
                _finalText = text.Text;
                DictValue tagged = part.Copy();
                tagged.Set("text", Tagged(text));
                items[i] = tagged;
                return new ListValue(items);
            }
        }

        throw Impossible("the last message has no part with text");
    }

    private static ModelException Impossible(string why) => TemplateErrors.Conversation(
        $"The final message cannot be continued: {why}.", "continue_final_message", "Name a field with text that the template writes, usually \"content\".");
}
