using System.Numerics;

namespace LlmToolkit.Text.Templates;

/// <summary>Arithmetic, equality, order and membership, as Python has them.</summary>
internal static class Operators
{
    public static Value Apply(string op, Value left, Value right)
    {
        ThrowIfUndefined(left);
        if (op == "%" && left is StringValue format)
        {
            return PercentFormat.Apply(format, right);
        }

        ThrowIfUndefined(right);
        return Numbers(op, left, right) ?? op switch
        {
            "+" => Add(left, right),
            "*" when IsInteger(left, out BigInteger times) => Repeat(right, times),
            "*" when IsInteger(right, out BigInteger times) => Repeat(left, times),
            _ => null,
        } ?? throw TemplateErrors.Type($"'{op}' does not work on {left.TypeName} and {right.TypeName}");
    }

    public static Value Sign(Value value, bool negative)
    {
        ThrowIfUndefined(value);
        if (IsInteger(value, out BigInteger integer))
        {
            return new IntValue(negative ? -integer : integer);
        }

        return value is FloatValue real
            ? new FloatValue(negative ? -real.Number : real.Number)
            : throw TemplateErrors.Type($"a {value.TypeName} has no sign");
    }

    public static bool Compare(string op, Value left, Value right) => op switch
    {
        "==" => AreEqual(left, right),
        "!=" => !AreEqual(left, right),
        "in" => Contains(right, left),
        "not in" => !Contains(right, left),
        _ => IsOrdered(op, left, right),
    };

    public static bool AreEqual(Value left, Value right)
    {
        if (ReferenceEquals(left, right))
        {
            return left is not FloatValue { Number: double.NaN };
        }

        switch (left, right)
        {
            case (StringValue a, StringValue b):
                return a.Text == b.Text;
            case (UndefinedValue, UndefinedValue) or (NoneValue, NoneValue):
                return true;
            case (ListValue or TupleValue, ListValue or TupleValue):
                SequenceValue x = (SequenceValue)left;
                SequenceValue y = (SequenceValue)right;
                return left.GetType() == right.GetType() && x.Items.Count == y.Items.Count && x.Items.Zip(y.Items).All(p => AreEqual(p.First, p.Second));
            case (DictValue a, DictValue b):
                return a.Entries.Count == b.Entries.Count && a.Entries.All(e => b.Entries.TryGetValue(e.Key, out Value? other) && AreEqual(e.Value, other));
            case (RangeValue a, RangeValue b):
                return a.Count == b.Count && (a.Count == 0 || (a.Start == b.Start && (a.Count == 1 || a.Step == b.Step)));
            default:
                return IsNumber(left) && IsNumber(right) && CompareNumbers(left, right) == 0;
        }
    }

    /// <summary>Order of two values, as <c>sort</c> uses it.</summary>
    /// <exception cref="ModelException">They have none.</exception>
    public static int Order(Value left, Value right)
    {
        ThrowIfUndefined(left);
        ThrowIfUndefined(right);
        switch (left, right)
        {
            case (StringValue a, StringValue b):
                return CompareText(a.Text, b.Text);
            case (ListValue, ListValue) or (TupleValue, TupleValue):
                IReadOnlyList<Value> x = ((SequenceValue)left).Items;
                IReadOnlyList<Value> y = ((SequenceValue)right).Items;
                for (int i = 0; i < Math.Min(x.Count, y.Count); i++)
                {
                    if (!AreEqual(x[i], y[i]))
                    {
                        return Order(x[i], y[i]);
                    }
                }

                return x.Count.CompareTo(y.Count);
            default:
                return IsNumber(left) && IsNumber(right)
                    ? CompareNumbers(left, right) ?? 1
                    : throw TemplateErrors.Type($"{left.TypeName} and {right.TypeName} cannot be compared");
        }
    }

    public static bool Contains(Value container, Value item)
    {
        switch (container)
        {
            case StringValue text:
                return item is StringValue part
                    ? text.Text.Contains(part.Text, StringComparison.Ordinal)
                    : throw TemplateErrors.Type($"'in' a text needs a text, not {item.TypeName}");
            case DictValue dict:
                KeyComparer.Check(item);
                return dict.Entries.ContainsKey(item);
            case NamespaceValue:
                throw TemplateErrors.Type("a Namespace is not iterable");
            default:
                return Iteration.Over(container).Any(x => AreEqual(x, item));
        }
    }

    /// <summary>An integer, or a truth as 1 and 0.</summary>
    public static bool IsInteger(Value value, out BigInteger number)
    {
        number = value switch
        {
            IntValue integer => integer.Number,
            BoolValue { IsTrue: true } => BigInteger.One,
            _ => BigInteger.Zero,
        };
        return value is IntValue or BoolValue;
    }

    public static bool IsNumber(Value value) => value is IntValue or BoolValue or FloatValue;

    /// <summary>A number as a double.</summary>
    public static double ToDouble(Value value)
    {
        if (value is FloatValue real)
        {
            return real.Number;
        }

        IsInteger(value, out BigInteger integer);
        double number = (double)integer;
        return double.IsFinite(number) ? number : throw TemplateErrors.Type("the integer is too large for a float");
    }

    public static void ThrowIfUndefined(Value value)
    {
        if (value is UndefinedValue undefined)
        {
            throw undefined.Error();
        }
    }

    /// <summary>Text by code points: UTF-16 order puts U+10000 before U+E000.</summary>
    public static int CompareText(string left, string right)
    {
        int length = Math.Min(left.Length, right.Length);
        for (int i = 0; i < length; i++)
        {
            if (left[i] != right[i])
            {
                bool wideLeft = char.IsSurrogate(left[i]);
                bool wideRight = char.IsSurrogate(right[i]);
                return wideLeft == wideRight ? left[i].CompareTo(right[i]) : wideLeft ? 1 : -1;
            }
        }

        return left.Length.CompareTo(right.Length);
    }

    private static bool IsOrdered(string op, Value left, Value right)
    {
        if (left is FloatValue { Number: double.NaN } || right is FloatValue { Number: double.NaN })
        {
            return IsNumber(left) && IsNumber(right) ? false : throw TemplateErrors.Type($"'{op}' does not work on {left.TypeName} and {right.TypeName}");
        }

        int order = Order(left, right);
        return op switch
        {
            "<" => order < 0,
            ">" => order > 0,
            "<=" => order <= 0,
            _ => order >= 0,
        };
    }

    /// <summary>Exact order of two numbers; null where one is not a number.</summary>
    private static int? CompareNumbers(Value left, Value right)
    {
        if (IsInteger(left, out BigInteger a) && IsInteger(right, out BigInteger b))
        {
            return a.CompareTo(b);
        }

        if (left is FloatValue x && right is FloatValue y)
        {
            return double.IsNaN(x.Number) || double.IsNaN(y.Number) ? null : x.Number.CompareTo(y.Number);
        }

        double real = left is FloatValue l ? l.Number : ((FloatValue)right).Number;
        IsInteger(left is FloatValue ? right : left, out BigInteger integer);
        if (double.IsNaN(real))
        {
            return null;
        }

        int order = double.IsInfinity(real) ? Math.Sign(real) : new BigInteger(Math.Floor(real)).CompareTo(integer);
        order = order == 0 && Math.Floor(real) < real ? 1 : order;
        return left is FloatValue ? order : -order;
    }

    private static Value? Numbers(string op, Value left, Value right)
    {
        if (!IsNumber(left) || !IsNumber(right))
        {
            return null;
        }

        return op != "/" && IsInteger(left, out BigInteger a) && IsInteger(right, out BigInteger b) && !(op == "**" && b.Sign < 0)
            ? Integers(op, a, b)
            : Floats(op, ToDouble(left), ToDouble(right));
    }

    private static IntValue Integers(string op, BigInteger a, BigInteger b)
    {
        switch (op)
        {
            case "+":
                return new IntValue(a + b);
            case "-":
                return new IntValue(a - b);
            case "*":
                return new IntValue(a * b);
            case "**":
                return new IntValue(Power(a, b));
            default:
                if (b.IsZero)
                {
                    throw TemplateErrors.Type("division by zero");
                }

                BigInteger quotient = BigInteger.DivRem(a, b, out BigInteger rest);
                bool down = !rest.IsZero && (rest.Sign < 0) != (b.Sign < 0);
                return new IntValue(op == "//" ? (down ? quotient - 1 : quotient) : down ? rest + b : rest);
        }
    }

    private static BigInteger Power(BigInteger a, BigInteger b)
    {
        if (a.IsOne || a.IsZero || a == BigInteger.MinusOne)
        {
            return b.IsZero ? BigInteger.One : a == BigInteger.MinusOne && b.IsEven ? BigInteger.One : a;
        }

        return b * a.GetBitLength() <= 2 * Limits.IntegerBits
            ? BigInteger.Pow(a, (int)b)
            : throw TemplateErrors.Limit("A power grows beyond the bits of an integer", Limits.IntegerBits);
    }

    private static FloatValue Floats(string op, double a, double b)
    {
        if (b == 0 && op is "/" or "//" or "%")
        {
            throw TemplateErrors.Type("division by zero");
        }

        switch (op)
        {
            case "+":
                return new FloatValue(a + b);
            case "-":
                return new FloatValue(a - b);
            case "*":
                return new FloatValue(a * b);
            case "/":
                return new FloatValue(a / b);
            case "**":
                double power = a < 0 && Math.Floor(b) != b
                    ? throw TemplateErrors.Type("a negative number to a fraction is no real number")
                    : a == 0 && b < 0 ? throw TemplateErrors.Type("zero to a negative power") : Math.Pow(a, b);
                return double.IsInfinity(power) && double.IsFinite(a) && double.IsFinite(b) ? throw TemplateErrors.Type("the power is too large") : new FloatValue(power);
            default:
                double rest = a % b;
                bool down = rest != 0 && (rest < 0) != (b < 0);
                return new FloatValue(op == "//" ? FloorDivide(a, b, rest, down) : down ? rest + b : rest == 0 ? Math.CopySign(0, b) : rest);
        }
    }

    /// <summary>Python's floor of a quotient: from the remainder, so that rounding of the division does not show. Order of operations: CPython, Objects/floatobject.c.</summary>
    private static double FloorDivide(double a, double b, double rest, bool down)
    {
        double quotient = ((a - rest) / b) - (down ? 1 : 0);
        double floor = Math.Floor(quotient);
        return quotient == 0 ? Math.CopySign(0, a / b) : quotient - floor > 0.5 ? floor + 1 : floor;
    }

    private static Value? Add(Value left, Value right) => (left, right) switch
    {
        (StringValue a, StringValue b) => AddText(a, b),
        (ListValue a, ListValue b) => new ListValue([.. a.Items, .. b.Items]),
        (TupleValue a, TupleValue b) => new TupleValue([.. a.Items, .. b.Items]),
        _ => null,
    };

    /// <summary>Markup escapes what is added to it.</summary>
    private static StringValue AddText(StringValue left, StringValue right)
    {
        if (left.IsMarkup != right.IsMarkup)
        {
            return new TextBuilder().Append(TextFilters.EscapeHtml(left)).Append(TextFilters.EscapeHtml(right)).Build().AsMarkup();
        }

        return left.Text.Length == 0 ? right : right.Text.Length == 0 ? left : new TextBuilder().Append(left).Append(right).Build().AsMarkup(left.IsMarkup);
    }

    private static Value? Repeat(Value value, BigInteger times)
    {
        int length = value switch
        {
            StringValue text => text.Text.Length,
            SequenceValue sequence => sequence.Items.Count,
            _ => -1,
        };
        if (length < 0)
        {
            return null;
        }

        if (times.Sign <= 0 || length == 0)
        {
            return value is SequenceValue empty ? empty.With([]) : StringValue.Empty;
        }

        int limit = value is StringValue ? Limits.TextLength : Limits.Items;
        if (times * length > limit)
        {
            throw TemplateErrors.Limit($"A {value.TypeName} of {length} is repeated {times} times", limit);
        }

        int count = (int)times;
        if (value is SequenceValue items)
        {
            return items.With([.. Enumerable.Repeat(items.Items, count).SelectMany(x => x)]);
        }

        TextBuilder built = new();
        for (int i = 0; i < count; i++)
        {
            built.Append((StringValue)value);
        }

        return built.Build();
    }
}
