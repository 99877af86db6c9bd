using System.Globalization;

namespace LlmToolkit.Fuzz;

/// <summary>Writes pickles opcode by opcode as fields. Opcodes: CPython, Lib/pickle.py.</summary>
internal sealed class PickleFields(FieldList fields, string group)
{
    public PickleFields Op(char op) => Op((byte)op);

    public PickleFields Op(byte op)
    {
        _ = fields.Code(group, op);
        return this;
    }

    public PickleFields Proto(byte version)
    {
        _ = fields.Code(group, 0x80).Number(group, 1, version);
        return this;
    }

    public PickleFields Global(string module, string name)
    {
        _ = fields.Code(group, (byte)'c').Text(group, module).Text(group, "\n").Text(group, name).Text(group, "\n");
        return this;
    }

    public PickleFields Text(string text)
    {
        string inner = $"{group}/{fields.Fields.Count}";
        _ = fields.Code(group, (byte)'X').Derived(group, 4, DerivedKind.Length, inner).Text(inner, text);
        return this;
    }

    public PickleFields ShortText(string text)
    {
        string inner = $"{group}/{fields.Fields.Count}";
        _ = fields.Code(group, 0x8C).Derived(group, 1, DerivedKind.Length, inner).Text(inner, text);
        return this;
    }

    public PickleFields Int(long value)
    {
        _ = value is >= 0 and <= 255 ? fields.Code(group, (byte)'K').Number(group, 1, (ulong)value) : fields.Code(group, (byte)'J').Number(group, 4, (ulong)value);
        return this;
    }

    public PickleFields Long(ulong value)
    {
        _ = fields.Code(group, 0x8A).Number(group, 1, 8).Number(group, 8, value);
        return this;
    }

    public PickleFields Put(int memo)
    {
        _ = fields.Code(group, (byte)'q').Number(group, 1, (ulong)memo);
        return this;
    }

    public PickleFields Get(int memo)
    {
        _ = fields.Code(group, (byte)'h').Number(group, 1, (ulong)memo);
        return this;
    }

    public PickleFields Float(double value)
    {
        _ = fields.Code(group, (byte)'G').Number(group, 8, (ulong)BitConverter.DoubleToInt64Bits(value));
        return this;
    }

    public PickleFields Ints(params long[] values)
    {
        _ = Op('(');
        foreach (long value in values)
        {
            _ = Int(value);
        }

        return Op('t');
    }

    /// <summary>A tensor over a storage; an entry of its own, its name first.</summary>
    public PickleFields Tensor(string name, string kind, string key, long count, long offset, long[] shape, long[] strides, bool legacyView = false)
    {
        _ = fields.Begin();
        _ = Text(name).Global("torch._utils", "_rebuild_tensor_v2").Op('(').Op('(').Text("storage").Global("torch", kind).Text(key).Text("cpu").Int(count);
        if (legacyView)
        {
            _ = Op('(').Text(key).Int(0).Int(count).Op('t');
        }

        _ = Op('t').Op('Q').Int(offset).Ints(shape).Ints(strides).Op(0x89).Global("collections", "OrderedDict").Op(')').Op('R').Op('t').Op('R');
        _ = fields.End();
        return this;
    }

    /// <summary>A state dict with tied, strided, offset and empty tensors, a nested dict and inert objects.</summary>
    public PickleFields StateDict(bool legacy)
    {
        _ = Proto(2).Op('}').Put(0).Op('(').Text("model").Global("collections", "OrderedDict").Op(')').Op('R').Put(1).Op('(');
        _ = Tensor("w", "FloatStorage", "0", 16, 0, [4, 4], [4, 1], legacy).Tensor("w.t", "FloatStorage", "0", 16, 0, [4, 4], [1, 4], legacy).Tensor("half", "HalfStorage", "1", 8, 2, [3], [2]);
        _ = Tensor("none", "BFloat16Storage", "2", 4, 0, [0, 9], [9, 1]).Tensor("one", "LongStorage", "3", 2, 1, [], []).Op('u');
        _ = Text("step").Int(70_000).Text("lr").Float(1e-4).Text("big").Long(1UL << 40).Text("args").Global("argparse", "Namespace").Op(')').Op(0x81).Op('}').ShortText("x").Op('N').Op('s').Op('b');
        return Text("tied").Get(1).Text("list").Op(']').Op('(').Int(1).Op(0x88).Op('e').Op('u').Op('.');
    }
}
