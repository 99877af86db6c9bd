using System.Globalization;
using System.Numerics;

namespace LlmToolkit.Text.Templates;

/// <summary>Filters on numbers.</summary>
internal static class NumberFilters
{
    public static Value Int(Evaluator run, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("int", 0, "default", "base");
        Operators.ThrowIfUndefined(subject);
        Value absent = given[0] ?? new IntValue(0);
        switch (subject)
        {
            case StringValue text when PythonNumbers.ParseInteger(text.Text, Get.Int(given[1], 10)) is BigInteger number:
                return new IntValue(number);
            case StringValue text:
                return PythonNumbers.ParseFloat(text.Text) is double parsed && double.IsFinite(parsed) ? new IntValue(new BigInteger(parsed)) : absent;
            case FloatValue { Number: var real }:
                return double.IsFinite(real) ? new IntValue(new BigInteger(real))
                    : double.IsNaN(real) ? absent : throw TemplateErrors.Type("infinity has no integer");
            default:
                return Operators.IsInteger(subject, out BigInteger integer) ? new IntValue(integer) : absent;
        }
    }

    public static Value Float(Evaluator run, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("float", 0, "default");
        Operators.ThrowIfUndefined(subject);
        double? number = subject is StringValue text ? PythonNumbers.ParseFloat(text.Text)
            : Operators.IsNumber(subject) ? Operators.ToDouble(subject) : null;
        return number is double real ? new FloatValue(real) : given[0] ?? new FloatValue(0);
    }

    public static Value Abs(Evaluator run, Value subject, Arguments arguments)
    {
        Operators.ThrowIfUndefined(subject);
        return Operators.IsInteger(subject, out BigInteger integer) ? new IntValue(BigInteger.Abs(integer))
            : subject is FloatValue real ? new FloatValue(Math.Abs(real.Number))
            : throw TemplateErrors.Type($"a {subject.TypeName} has no absolute value");
    }

    /// <summary>Rounds half to even on the exact binary value; integers stay integers.</summary>
    public static Value Round(Evaluator run, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("round", 0, "precision", "method");
        Operators.ThrowIfUndefined(subject);
        int precision = Get.Int(given[0], 0);
        string method = given[1] is null ? "common" : Get.Text(given[1]!).Text;
        if (!Operators.IsNumber(subject) || method is not ("common" or "ceil" or "floor"))
        {
            throw TemplateErrors.Type(method is "common" or "ceil" or "floor" ? $"a {subject.TypeName} cannot be rounded" : "round goes by \"common\", \"ceil\" or \"floor\"");
        }

        if (method == "common")
        {
            return Operators.IsInteger(subject, out BigInteger integer)
                ? new IntValue(precision >= 0 ? integer : PythonNumbers.RoundInteger(integer, -precision))
                : new FloatValue(PythonNumbers.Round(((FloatValue)subject).Number, precision));
        }

        double scale = Math.Pow(10, precision);
        double scaled = Operators.ToDouble(subject) * scale;
        if (!double.IsFinite(scaled))
        {
            throw TemplateErrors.Type("the number is too large to be rounded");
        }

        return new FloatValue((method == "ceil" ? Math.Ceiling(scaled) : Math.Floor(scaled)) / scale);
    }

    public static Value Sum(Evaluator run, Value subject, Arguments arguments)
    {
        Value?[] given = arguments.Bind("sum", 0, "attribute", "start");
        IEnumerable<Value> items = Iteration.Over(subject);
        if (given[0] is not null and not NoneValue)
        {
            items = items.Select(Get.Attribute(given[0]!));
        }

        Value sum = given[1] ?? new IntValue(0);
        if (sum is StringValue)
        {
            throw TemplateErrors.Type("sum does not add text; use join");
        }

        foreach (Value item in items)
        {
            sum = Operators.Apply("+", sum, item);
            run.Fuel.Spend(sum);
        }

        return sum;
    }

    public static Value FileSize(Evaluator run, Value subject, Arguments arguments)
    {
        bool binary = Get.Truth(arguments.Bind("filesizeformat", 0, "binary")[0]);
        double bytes = Float(run, subject, new Arguments([NoneValue.Instance], [])) is FloatValue size ? size.Number : throw TemplateErrors.Type($"a {subject.TypeName} is no size");
        double unit = binary ? 1024 : 1000;
        if (bytes < unit)
        {
            return StringValue.Of(bytes == 1 ? "1 Byte" : string.Create(CultureInfo.InvariantCulture, $"{Math.Truncate(bytes)} Bytes"));
        }

        int power = 1;
        while (power < 8 && bytes >= Math.Pow(unit, power + 1))
        {
            power++;
        }

        return StringValue.Of($"{PythonNumbers.Fixed(bytes / Math.Pow(unit, power), 1)} {"kMGTPEZY"[power - 1].ToString().ToUpperInvariant()}{(binary ? "iB" : "B")}".Replace(binary ? "\0" : "KB", "kB", StringComparison.Ordinal));
    }
}
