using System.Globalization;
using LlmToolkit.Formats.Shared;

namespace LlmToolkit.Formats.PyTorch.Pickle;

/// <summary>Interprets pickles of protocols 0 to 5. It can build plain data and tensors and nothing else: no name is ever looked up, imported or called.</summary>
/// <remarks>
/// A global without a meaning, and an opcode that exists to run code, is noted as a reason to refuse the file and goes on as an inert value,
/// so that everything the pickle names can be told. A malformed stream throws; <see cref="Salvage"/> then gives what was built so far.
/// Opcodes: CPython, Lib/pickle.py and Lib/pickletools.py.
/// </remarks>
internal sealed partial class PickleMachine(PickleLog log, Func<PickleTuple, int, object?> persistentLoad)
{
    /// <summary>Estimated bytes of an entry of a dict: in its index and in its list, both of which grow by doubling.</summary>
    public const int EntryBytes = 80;

    /// <summary>Estimated bytes that the first entry of a dict adds.</summary>
    public const int FirstEntryBytes = 240;

    /// <summary>Deepest stack, and largest memo index.</summary>
    private const int MaxStack = 2_000_000;

    /// <summary>Longest binary integer, and longest name of a global, in bytes.</summary>
    private const int MaxNumber = 1024;

    /// <summary>Most digits of a number written as text: reading them takes the square of their number.</summary>
    private const int MaxDigits = 128;

    /// <summary>Estimated bytes that a key which is a tuple takes beside its entry: it is compared by its text.</summary>
    private const int TupleKeyBytes = 320;

    private const int HighestProtocol = 5;
    private const int ObjectBytes = 48;

    /// <summary>Estimated bytes of an item of a list, which grows by doubling.</summary>
    private const int ItemBytes = 16;

    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private int _offset;

    /// <summary>Runs up to STOP and gives the result; the reader stands behind STOP.</summary>
    /// <exception cref="ModelException">The stream is malformed or over a limit.</exception>
    public object? Run(ref PickleReader reader)
    {
        while (true)
        {
            _offset = reader.Position;
            PickleOp op = (PickleOp)reader.ReadByte("an opcode");
            log.CountOpcode();
            if (op == PickleOp.Stop)
            {
                return Pop();
            }

            Step(op, ref reader);
        }
    }

    /// <summary>After a fault: what was built, with unfinished lists and dicts closed.</summary>
    public object? Salvage()
    {
        while (_marks.Count > 0)
        {
            int mark = _marks[^1];
            List<object?> items = _stack.GetRange(mark, _stack.Count - mark);
            _stack.RemoveRange(mark, _stack.Count - mark);
            _marks.RemoveAt(_marks.Count - 1);
            if (_stack.Count == 0)
            {
                return items.FirstOrDefault(i => i is PickleDict or PickleList);
            }

            switch (_stack[^1])
            {
                case PickleList list:
                    list.Items.AddRange(items);
                    break;
                case PickleDict dict:
                    for (int i = 0; i + 1 < items.Count; i += 2)
                    {
                        dict.TrySet(items[i], items[i + 1]);
                    }

                    break;
            }
        }

        return _stack.FirstOrDefault(i => i is PickleDict or PickleList or PickleTuple or PickleTensor);
    }

    private void Step(PickleOp op, ref PickleReader reader)
    {
        switch (op)
        {
            case PickleOp.Proto: CheckProtocol(reader.ReadByte("the protocol")); break;
            case PickleOp.Frame: reader.EnterFrame(); break;
            case PickleOp.Mark: PushMark(); break;
            case PickleOp.Pop: PopOne(); break;
            case PickleOp.PopMark: TakeMarked(); break;
            case PickleOp.Dup: Push(Top()); break;

            case PickleOp.None: Push(null); break;
            case PickleOp.NewTrue: Push(true); break;
            case PickleOp.NewFalse: Push(false); break;
            case PickleOp.BinInt: PushNumber(reader.ReadInt32("an int")); break;
            case PickleOp.BinInt1: PushNumber(reader.ReadByte("an int")); break;
            case PickleOp.BinInt2: PushNumber(reader.ReadUInt16("an int")); break;
            case PickleOp.Long1: PushBig(reader.Take(reader.ReadByte("the length of an int"), "an int")); break;
            case PickleOp.Long4: PushBig(reader.Take(Length(reader.ReadInt32("the length of an int"), MaxNumber), "an int")); break;
            case PickleOp.Int or PickleOp.Long: PushText(reader.TakeLine("an int")); break;
            case PickleOp.Float: PushFloat(reader.TakeLine("a float")); break;
            case PickleOp.BinFloat: PushNew(reader.ReadDouble()); break;

            case PickleOp.BinUnicode: PushUtf8(ref reader, reader.ReadUInt32("the length of a string")); break;
            case PickleOp.ShortBinUnicode: PushUtf8(ref reader, reader.ReadByte("the length of a string")); break;
            case PickleOp.BinUnicode8: PushUtf8(ref reader, reader.ReadUInt64("the length of a string")); break;
            case PickleOp.ShortBinString: PushOldText(ref reader, reader.ReadByte("the length of a string")); break;
            case PickleOp.BinString: PushOldText(ref reader, Length(reader.ReadInt32("the length of a string"), int.MaxValue)); break;
            case PickleOp.String: PushLine(reader.TakeLine("a string"), isUnicode: false); break;
            case PickleOp.Unicode: PushLine(reader.TakeLine("a string"), isUnicode: true); break;
            case PickleOp.ShortBinBytes: PushBytes(reader.Take(reader.ReadByte("the length of bytes"), "bytes")); break;
            case PickleOp.BinBytes: PushBytes(reader.Take(reader.ReadUInt32("the length of bytes"), "bytes")); break;
            case PickleOp.BinBytes8 or PickleOp.ByteArray8: PushBytes(reader.Take(reader.ReadUInt64("the length of bytes"), "bytes")); break;

            case PickleOp.EmptyTuple: Push(PickleTuple.Empty); break;
            case PickleOp.Tuple1: PushTuple(1); break;
            case PickleOp.Tuple2: PushTuple(2); break;
            case PickleOp.Tuple3: PushTuple(3); break;
            case PickleOp.Tuple: PushNew(new PickleTuple(TakeMarked())); break;
            case PickleOp.EmptyList: PushNew(new PickleList()); break;
            case PickleOp.List: PushList(TakeMarked()); break;
            case PickleOp.Append: Append([Pop()]); break;
            case PickleOp.Appends: Append(TakeMarked()); break;
            case PickleOp.EmptyDict: PushNew(new PickleDict()); break;
            case PickleOp.Dict: PushDict(TakeMarked()); break;
            case PickleOp.SetItem: SetOne(); break;
            case PickleOp.SetItems: SetItems(TakeMarked()); break;
            case PickleOp.EmptySet: PushNew(new PickleSet()); break;
            case PickleOp.AddItems: AddItems(TakeMarked()); break;
            case PickleOp.FrozenSet: PushSet(TakeMarked()); break;

            case PickleOp.Put: Memoize(Index(reader.TakeLine("a memo index"))); break;
            case PickleOp.BinPut: Memoize(reader.ReadByte("a memo index")); break;
            case PickleOp.LongBinPut: Memoize(reader.ReadUInt32("a memo index")); break;
            case PickleOp.Memoize: Memoize((uint)_memo.Count); break;
            case PickleOp.Get: Push(Recall(Index(reader.TakeLine("a memo index")))); break;
            case PickleOp.BinGet: Push(Recall(reader.ReadByte("a memo index"))); break;
            case PickleOp.LongBinGet: Push(Recall(reader.ReadUInt32("a memo index"))); break;

            case PickleOp.Global: PushGlobal(ReadName(ref reader, "a module"), ReadName(ref reader, "a name"), "GLOBAL"); break;
            case PickleOp.StackGlobal: StackGlobal(); break;
            case PickleOp.Reduce: Reduce(); break;
            case PickleOp.NewObj: NewObject(); break;
            case PickleOp.Build: BuildState(); break;
            case PickleOp.BinPersId: LoadPersistent(); break;
            default: Forbidden(op, ref reader); break;
        }
    }

    // Opcodes that exist to run code, or need a counterpart outside the file.
    private void Forbidden(PickleOp op, ref PickleReader reader)
    {
        switch (op)
        {
            case PickleOp.Inst:
                PickleGlobal made = MakeGlobal(ReadName(ref reader, "a module"), ReadName(ref reader, "a name"), "INST");
                TakeMarked();
                Refuse("INST", made.Name);
                break;
            case PickleOp.Obj:
                object?[] items = TakeMarked();
                Refuse("OBJ", items is [PickleGlobal callee, ..] ? callee.Name : null);
                break;
            case PickleOp.NewObjEx:
                Pop();
                Pop();
                Refuse("NEWOBJ_EX", (Pop() as PickleGlobal)?.Name);
                break;
            case PickleOp.Ext1: reader.ReadByte("an extension code"); Refuse("EXT1", null); break;
            case PickleOp.Ext2: reader.ReadUInt16("an extension code"); Refuse("EXT2", null); break;
            case PickleOp.Ext4: reader.ReadInt32("an extension code"); Refuse("EXT4", null); break;
            case PickleOp.PersId: reader.TakeLine("a persistent id"); Refuse("PERSID", null); break;
            case PickleOp.NextBuffer: Refuse("NEXT_BUFFER", null); break;
            case PickleOp.ReadOnlyBuffer: Refuse("READONLY_BUFFER", null); break;
            default: throw Bad($"0x{(byte)op:X2} is not an opcode");
        }
    }

    private void Refuse(string opcode, string? name)
    {
        log.Calls++;
        log.Refuse($"{opcode} {name}", () => PyTorchErrors.UnsafeOpcode(log.File, opcode, name, _offset, log.Entry));
        PushNew(new PickleOpaque(name ?? opcode));
    }

    private void CheckProtocol(byte version)
    {
        if (version > HighestProtocol)
        {
            throw Bad($"protocol {version}, known are 0 to {HighestProtocol}");
        }
    }

    private void Push(object? value)
    {
        if (_stack.Count >= MaxStack)
        {
            throw PyTorchErrors.PickleLimit(log.File, "The depth of the pickle's stack", _stack.Count + 1L, MaxStack);
        }

        _stack.Add(value);
    }

    private void PushNew(object value)
    {
        log.Charge(ObjectBytes);
        Push(value);
    }

    private object? Pop()
    {
        int floor = _marks.Count > 0 ? _marks[^1] : 0;
        if (_stack.Count <= floor)
        {
            throw Bad(_marks.Count > 0 ? "a value is taken from below a mark" : "the stack is empty");
        }

        object? top = _stack[^1];
        _stack.RemoveAt(_stack.Count - 1);
        return top;
    }

    private object? Top()
    {
        object? top = Pop();
        _stack.Add(top);
        return top;
    }

    private void PushMark()
    {
        if (_marks.Count >= MaxStack)
        {
            throw PyTorchErrors.PickleLimit(log.File, "The number of open marks", _marks.Count + 1L, MaxStack);
        }

        _marks.Add(_stack.Count);
    }

    private object?[] TakeMarked()
    {
        if (_marks.Count == 0)
        {
            throw Bad("a mark is missing");
        }

        int mark = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        object?[] items = new object?[_stack.Count - mark];
        log.Charge(8L * items.Length);
        _stack.CopyTo(mark, items, 0, items.Length);
        _stack.RemoveRange(mark, items.Length);
        return items;
    }

    /// <summary>POP takes the mark when nothing lies above it.</summary>
    private void PopOne()
    {
        if (_marks.Count > 0 && _marks[^1] == _stack.Count)
        {
            _marks.RemoveAt(_marks.Count - 1);
            return;
        }

        Pop();
    }

    private void PushTuple(int count)
    {
        object?[] items = new object?[count];
        log.Charge(8L * count);
        for (int i = count - 1; i >= 0; i--)
        {
            items[i] = Pop();
        }

        PushNew(new PickleTuple(items));
    }

    private void PushList(object?[] items)
    {
        PickleList list = new();
        list.Items.AddRange(items);
        PushNew(list);
    }

    private void PushDict(object?[] items)
    {
        PickleDict dict = new();
        Fill(dict, items);
        PushNew(dict);
    }

    private void PushSet(object?[] items)
    {
        PickleSet set = new();
        set.Items.AddRange(items);
        PushNew(set);
    }

    private void Append(object?[] items)
    {
        switch (Top())
        {
            case PickleList list: log.Charge(ObjectBytes + ((long)ItemBytes * items.Length)); list.Items.AddRange(items); break;
            case PickleOpaque: break;
            default: throw Bad("a value is appended to what is no list");
        }
    }

    private void AddItems(object?[] items)
    {
        switch (Top())
        {
            case PickleSet set: log.Charge(ObjectBytes + ((long)ItemBytes * items.Length)); set.Items.AddRange(items); break;
            case PickleOpaque: break;
            default: throw Bad("a value is added to what is no set");
        }
    }

    private void SetOne()
    {
        object? value = Pop();
        object? key = Pop();
        SetItems([key, value]);
    }

    private void SetItems(object?[] items)
    {
        switch (Top())
        {
            case PickleDict dict: Fill(dict, items); break;
            case PickleOpaque: break;
            default: throw Bad("an item is set in what is no dict");
        }
    }

    private void Fill(PickleDict dict, object?[] items)
    {
        if (items.Length % 2 != 0)
        {
            throw Bad("a dict is given a key without a value");
        }

        log.Charge(((long)EntryBytes * items.Length / 2) + (dict.Items.Count == 0 ? FirstEntryBytes : 0));
        for (int i = 0; i < items.Length; i += 2)
        {
            log.Charge(items[i] is PickleTuple ? TupleKeyBytes : 0);
            if (!dict.TrySet(items[i], items[i + 1]))
            {
                throw Bad("a key of a dict cannot be hashed");
            }
        }
    }

    private void Memoize(uint index)
    {
        if (index > MaxStack)
        {
            throw PyTorchErrors.PickleLimit(log.File, "A memo index", index, MaxStack);
        }

        log.Charge(ObjectBytes);
        _memo[index] = Top();
    }

    private object? Recall(uint index) => _memo.TryGetValue(index, out object? value) ? value : throw Bad($"memo {index} was never set");

    private uint Index(ReadOnlySpan<byte> line) =>
        uint.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out uint index) ? index : throw Bad("a memo index is not a number");

    private string ReadName(ref PickleReader reader, string what)
    {
        int at = reader.Position;
        return Name(reader.Decode(reader.TakeLine(what), at, what));
    }

    /// <summary>Names are kept by every global: a bound on them bounds what is kept.</summary>
    private string Name(string text) => text.Length <= MaxNumber ? text : throw PyTorchErrors.PickleLimit(log.File, "The length of a global's name", text.Length, MaxNumber);

    private void StackGlobal()
    {
        object? name = Pop();
        if (Pop() is not string module || name is not string text)
        {
            // Python would take whatever comes out as a name: one that is computed hides what is called.
            Refuse("STACK_GLOBAL", "a name that is no plain text");
            return;
        }

        PushGlobal(Name(module), Name(text), "STACK_GLOBAL");
    }

    private void PushGlobal(string module, string name, string how) => PushNew(MakeGlobal(module, name, how));

    private PickleGlobal MakeGlobal(string module, string name, string how)
    {
        PickleGlobal made = new($"{module}.{name}", PickleGlobals.Find(module, name));
        log.Charge(ObjectBytes + (2L * made.Name.Length));
        log.Import(made.Name);
        if (made.Meaning is null)
        {
            log.Inert(made.Name);
            log.Refuse(made.Name, () => PyTorchErrors.UnsafeGlobal(log.File, made.Name, how, _offset, log.Entry));
        }
        else if (made.Meaning.Reported)
        {
            log.Inert(made.Name);
        }

        return made;
    }

    private void Reduce()
    {
        object? arguments = Pop();
        object? callee = Pop();
        Call(callee, arguments, "REDUCE");
    }

    private void NewObject()
    {
        object? arguments = Pop();
        object? type = Pop();
        Call(type, arguments, "NEWOBJ");
    }

    private void Call(object? callee, object? arguments, string how)
    {
        log.Calls++;
        switch (callee)
        {
            case PickleOpaque inert:
                PushNew(new PickleOpaque(inert.Name));
                break;
            case PickleGlobal { Meaning: null or { Reported: true } } inert:
                PushNew(new PickleOpaque(inert.Name));
                break;
            case PickleGlobal { Meaning.Construct: { } construct } known when arguments is PickleTuple tuple:
                log.Charge(ObjectBytes);
                Push(construct(new PickleCall(known.Name, tuple.Items, _offset, log)));
                break;
            case PickleGlobal other:
                throw Bad($"{how} calls {Shown.Text(other.Name)}, which makes nothing");
            default:
                throw Bad($"{how} calls what is no global");
        }
    }

    /// <summary>BUILD: the state of an OrderedDict (its <c>_metadata</c>), a tensor or an inert object says nothing of the weights.</summary>
    private void BuildState()
    {
        Pop();
        if (Top() is not (PickleDict or PickleTensor or PickleOpaque or PickleSet))
        {
            throw Bad("BUILD is given what has no state");
        }
    }

    private void LoadPersistent()
    {
        switch (Pop())
        {
            case PickleTuple id: PushNew(persistentLoad(id, _offset) ?? throw Bad("a persistent id is not ('storage', class, key, location, count)")); break;
            case PickleOpaque inert: Push(inert); break;
            default: throw Bad("a persistent id is no tuple");
        }
    }

    private ModelException Bad(string what) => PyTorchErrors.BadPickle(log.File, _offset, what);
}
