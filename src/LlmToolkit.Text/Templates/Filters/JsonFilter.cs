using System.Globalization;

namespace LlmToolkit.Text.Templates;

/// <summary><c>tojson</c> as transformers has it: Python's json.dumps without escaping of HTML and, unless asked for, of what is not ASCII.</summary>
internal static class JsonFilter
{
    public static Value ToJson(Evaluator run, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        StringValue? indent = given[1] switch
        {
            null or NoneValue => null,
            StringValue text => text,
            Value width => Spaces(Get.Int(width, 0)),
        };
        StringValue comma = StringValue.Of(indent is null ? ", " : ",");
        StringValue colon = StringValue.Of(": ");
        if (given[2] is not null and not NoneValue)
        {
            List<Value> pair = Iteration.ToList(given[2]!);
            if (pair.Count != 2)
            {
                throw TemplateErrors.Type($"separators are 2 texts, not {pair.Count}");
            }

            (comma, colon) = (Get.Text(pair[0]), Get.Text(pair[1]));
        }

        Writer writer = new(indent, comma, colon, Get.Truth(given[0]), Get.Truth(given[3]));
        writer.Write(subject, 0);
        return writer.Build();
    }

    private static StringValue Spaces(int width) => (StringValue)Operators.Apply("*", StringValue.Of(" "), new IntValue(width));

    private sealed class Writer(StringValue? indent, StringValue comma, StringValue colon, bool ascii, bool sort)
    {
        private readonly TextBuilder _built = new();

        public StringValue Build() => _built.Build();

        public void Write(Value value, int depth)
        {
            switch (value)
            {
                case StringValue text:
                    Quote(text);
                    break;
                case DictValue dict:
                    Write("{", Sorted(dict), "}", depth, entry =>
                    {
                        Quote(Key(entry.Key));
                        _built.Append(colon);
                        Write(entry.Value, depth + 1);
                    });
                    break;
                case SequenceValue sequence:
                    Write("[", sequence.Items, "]", depth, item => Write(item, depth + 1));
                    break;
                case NoneValue or BoolValue or IntValue or FloatValue:
                    _built.Append(Plain(value));
                    break;
                case UndefinedValue undefined:
                    throw undefined.Error();
                default:
                    throw TemplateErrors.Type($"a {value.TypeName} has no JSON");
            }
        }

        private IEnumerable<KeyValuePair<Value, Value>> Sorted(DictValue dict) => sort
            ? dict.Entries.OrderBy(e => e.Key, Comparer<Value>.Create(Operators.Order))
            : dict.Entries;

        private void Write<T>(string open, IEnumerable<T> items, string close, int depth, Action<T> write)
        {
            _built.Append(open);
            bool any = false;
            foreach (T item in items)
            {
                if (any)
                {
                    _built.Append(comma);
                }

                any = true;
                NewLine(depth + 1);
                write(item);
            }

            if (any)
            {
                NewLine(depth);
            }

            _built.Append(close);
        }

        private void NewLine(int depth)
        {
            if (indent is null)
            {
                return;
            }

            _built.Append('\n');
            for (int i = 0; i < depth; i++)
            {
                _built.Append(indent);
            }
        }

        private static StringValue Key(Value key) => key switch
        {
            StringValue text => text,
            NoneValue or BoolValue or IntValue or FloatValue => StringValue.Of(Plain(key)),
            _ => throw TemplateErrors.Type($"a {key.TypeName} is no key of JSON"),
        };

        private static string Plain(Value value) => value switch
        {
            NoneValue => "null",
            BoolValue truth => truth.IsTrue ? "true" : "false",
            IntValue integer => PythonText.Integer(integer.Number),
            FloatValue { Number: double.NaN } => "NaN",
            FloatValue { Number: double.PositiveInfinity } => "Infinity",
            FloatValue { Number: double.NegativeInfinity } => "-Infinity",
            _ => PythonText.Float(((FloatValue)value).Number),
        };

        private void Quote(StringValue text)
        {
            _built.Append('"');
            int next = 0;
            for (int i = 0; i < text.Text.Length; i++)
            {
                if (Escape(text.Text[i]) is string escape)
                {
                    _built.Append(text, next, i).Append(escape, text.Input.Count > 0);
                    next = i + 1;
                }
            }

            _built.Append(text, next, text.Text.Length).Append('"');
        }

        private string? Escape(char c) => c switch
        {
            '"' => "\\\"",
            '\\' => @"\\",
            '\b' => @"\b",
            '\f' => @"\f",
            '\n' => @"\n",
            '\r' => @"\r",
            '\t' => @"\t",
            _ => c < ' ' || (ascii && c > 0x7F) ? @"\u" + ((int)c).ToString("x4", CultureInfo.InvariantCulture) : null,
        };
    }
}
