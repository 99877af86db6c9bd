using System.Text;
using System.Text.Json;
using LlmToolkit.Text;

namespace LlmToolkit.Fuzz;

/// <summary>Chat templates, word by word, over a conversation with tools.</summary>
internal sealed class TemplateTarget : FuzzTarget
{
    private static readonly JsonElement s_messages = JsonElement.Parse("""
        [{"role":"system","content":" be brief "},{"role":"user","content":"hello"},{"role":"assistant","content":null,"tool_calls":[{"type":"function","function":{"name":"f","arguments":{"a":[1,2.5,"x"]}}}]},
        {"role":"tool","content":"4"},{"role":"user","content":[{"type":"text","text":"and?"},{"type":"image"}]}]
        """);

    private static readonly JsonElement s_tools = JsonElement.Parse("""[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object","properties":{"a":{"type":"array"}},"required":["a"]}}}]""");

    private static readonly string[] s_templates =
    [
        "{{ bos_token }}{% for m in messages %}{{ '<|' + m.role + '|>' }}{% if m.content is string %}{{ m['content'] | trim }}{% elif m.content %}{% for p in m.content %}{{ p.text if p.type == 'text' else '<img>' }}{% endfor %}{% endif %}{% if not loop.last %}{{ '\\n' }}{% endif %}{% endfor %}",
        "{%- set ns = namespace(found=false, n=0) -%}{%- for m in messages[::-1] if m.role != 'tool' -%}{%- set ns.n = ns.n + loop.index0 * 2 -%}{{- ns.n ~ ': ' ~ (m.content or '') -}}{%- else -%}none{%- endfor -%}{{ ns.found }}",
        "{% macro show(p, depth=0) %}{% if p is mapping %}{% for k, v in p|items %}{{ k }}={{ show(v, depth + 1) }};{% endfor %}{% elif p is iterable and p is not string %}[{% for v in p %}{{ show(v, depth=depth + 1) }},{% endfor %}]{% else %}{{ p|tojson }}{% endif %}{% endmacro %}{{ show(tools) }}{{ tools|tojson(indent=2) }}",
        "{% if messages|length > 3 and messages[0].role == 'system' %}{% set s = messages[0].content.strip().upper().split(' ') | join('-') %}{% else %}{{ raise_exception('no system') }}{% endif %}{{ s[0:2] ~ s.replace('B', 'c', 1) }}{{ range(1, 10, 3)|list }}{{ (1 + 2) * 3 // 2 % 5 ** 2 - -1 }}{{ 'a' in s or s is none }}",
        "{% for role in messages|map(attribute='role')|unique|sort|reverse %}{{ loop.index }}.{{ role|title|replace('e','3')|default('x', true) }} {% endfor %}{{ messages|selectattr('role', 'equalto', 'user')|list|length }}{{ '%s-%d'|format('q', 3) }}{{ strftime_now('%d %b %Y') }}{% filter upper %}x{% endfilter %}{# c #}{% raw %}{{}}{% endraw %}",
        "{% call(x) wrap() %}{{ x }}{% endcall %}{% macro wrap() %}<{{ caller(1) }}>{% endmacro %}{% set a %}block{% endset %}{{ a ~ {'k': [1, 'two', none]}.k[1] }}{{ dict(b=1).items()|list }}{% generation %}{{ eos_token }}{% endgeneration %}{% for i in [[1,[2]],[3]] recursive %}{{ loop(i) if i is iterable else i }}{% endfor %}",
    ];

    /// <inheritdoc/>
    public override string Name => "template";

    /// <summary>A template is a program: it may make and drop many texts. What it holds at once is bounded by the heap limit of the long runs.</summary>
    protected override long MostAllocated => 1L << 30;

    /// <inheritdoc/>
    protected override IReadOnlyList<FuzzSeed> Seeds() => [.. s_templates.Select((t, i) => new FuzzSeed($"{i}", new FieldList().Words("jinja", FieldKind.Jinja, Words.Jinja(t)).Fields, "chat_template.jinja") { IsSound = i < 5 })];

    /// <inheritdoc/>
    protected override bool Read(string path)
    {
        if (!File.Exists(path) || new FileInfo(path).LinkTarget is not null)
        {
            return false;
        }

        ChatTemplate template = ChatTemplate.Parse(Encoding.UTF8.GetString(File.ReadAllBytes(path)));
        string text = template.RenderText(new ChatTemplateInput { Messages = s_messages, Tools = s_tools, BosToken = "<s>", EosToken = "</s>", Now = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Local) });
        Rules.Require(text.Length <= 8 << 20, $"an output of {text.Length} characters");
        return true;
    }
}
