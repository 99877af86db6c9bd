namespace LlmToolkit.Text.Templates;

/// <summary>Templates by the short names that some files hold instead of a template.</summary>
internal static class BuiltInTemplates
{
    private const string ChatMl =
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private const string Llama2 =
        "{% if messages[0].role == 'system' %}{% set system = '<<SYS>>\\n' + messages[0].content + '\\n<</SYS>>\\n\\n' %}{% set rest = messages[1:] %}{% else %}{% set system = '' %}{% set rest = messages %}{% endif %}"
        + "{% for m in rest %}{% if m.role == 'assistant' %}{{ ' ' + m.content.strip() + ' ' ~ eos_token }}{% else %}{{ bos_token ~ '[INST] ' + (system if loop.first else '') + m.content.strip() + ' [/INST]' }}{% endif %}{% endfor %}";

    private const string Mistral =
        "{{ bos_token }}{% if messages[0].role == 'system' %}{% set system = messages[0].content + '\\n\\n' %}{% set rest = messages[1:] %}{% else %}{% set system = '' %}{% set rest = messages %}{% endif %}"
        + "{% for m in rest %}{% if m.role == 'assistant' %}{{ ' ' + m.content.strip() ~ eos_token }}{% else %}{{ '[INST] ' + (system if loop.first else '') + m.content + '[/INST]' }}{% endif %}{% endfor %}";

    private const string Llama3 =
        "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\\n\\n' + m.content.strip() + '<|eot_id|>' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}";

    private const string Gemma =
        "{{ bos_token }}{% if messages[0].role == 'system' %}{% set system = messages[0].content.strip() + '\\n\\n' %}{% set rest = messages[1:] %}{% else %}{% set system = '' %}{% set rest = messages %}{% endif %}"
        + "{% for m in rest %}{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else m.role) + '\\n' + (system if loop.first else '') + m.content.strip() + '<end_of_turn>\\n' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}";

    private const string Phi3 =
        "{% for m in messages %}{{ '<|' + m.role + '|>\\n' + m.content + '<|end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}";

    private const string Phi4 =
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '<|im_sep|>' + m.content + '<|im_end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant<|im_sep|>' }}{% endif %}";

    private const string Falcon3 =
        "{% for m in messages %}{{ '<|' + m.role + '|>\\n' + m.content + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}";

    private const string Zephyr =
        "{% for m in messages %}{{ '<|' + m.role + '|>\\n' + m.content ~ eos_token ~ '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}";

    private const string Vicuna =
        "{% for m in messages %}{% if m.role == 'system' %}{{ m.content + '\\n\\n' }}{% elif m.role == 'assistant' %}{{ 'ASSISTANT: ' + m.content + '</s>\\n' }}{% else %}{{ 'USER: ' + m.content + '\\n' }}{% endif %}{% endfor %}"
        + "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}";

    private const string DeepSeek3 =
        "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ m.content + '\\n\\n' }}{% elif m.role == 'assistant' %}{{ '<｜Assistant｜>' + m.content + '<｜end▁of▁sentence｜>' }}{% else %}{{ '<｜User｜>' + m.content }}{% endif %}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<｜Assistant｜>' }}{% endif %}";

    private const string CommandR =
        "{{ bos_token }}{% for m in messages %}{{ '<|START_OF_TURN_TOKEN|>' + {'system': '<|SYSTEM_TOKEN|>', 'assistant': '<|CHATBOT_TOKEN|>'}.get(m.role, '<|USER_TOKEN|>') + m.content.strip() + '<|END_OF_TURN_TOKEN|>' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>' }}{% endif %}";

    private const string Granite =
        "{% for m in messages %}{{ '<|start_of_role|>' + m.role + '<|end_of_role|>' + m.content + '<|end_of_text|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_of_role|>assistant<|end_of_role|>' }}{% endif %}";

    private static readonly SortedDictionary<string, string> s_templates = new(StringComparer.Ordinal)
    {
        ["chatml"] = ChatMl,
        ["command-r"] = CommandR,
        ["deepseek3"] = DeepSeek3,
        ["falcon3"] = Falcon3,
        ["gemma"] = Gemma,
        ["granite"] = Granite,
        ["llama2"] = Llama2,
        ["llama2-sys"] = Llama2,
        ["llama3"] = Llama3,
        ["mistral"] = Mistral,
        ["mistral-v3"] = Mistral,
        ["phi3"] = Phi3,
        ["phi4"] = Phi4,
        ["vicuna"] = Vicuna,
        ["zephyr"] = Zephyr,
    };

    /// <summary>The template that a text is, or names.</summary>
    /// <exception cref="ModelException">It names none that is known.</exception>
    public static string Resolve(string source) => source.Contains('{', StringComparison.Ordinal) ? source
        : s_templates.TryGetValue(source.Trim().ToLowerInvariant(), out string? template) ? template
        : throw TemplateErrors.UnknownAlias(source, s_templates.Keys);
}
