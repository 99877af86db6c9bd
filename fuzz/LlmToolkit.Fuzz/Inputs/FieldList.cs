using System.Text;

namespace LlmToolkit.Fuzz;

/// <summary>Builds the fields of a valid file.</summary>
internal sealed class FieldList
{
    private readonly List<Field> _fields = [];
    private int _entries;

    /// <summary>True when numbers are written big-endian.</summary>
    public bool BigEndian { get; init; }

    /// <summary>The file that fields are added to.</summary>
    public int File { get; set; }

    /// <summary>The entry that fields are added to; -1: none.</summary>
    public int Entry { get; private set; } = -1;

    /// <summary>The fields so far.</summary>
    public IReadOnlyList<Field> Fields => _fields;

    /// <summary>Begins an entry: what may be doubled, moved or left out as a whole.</summary>
    public FieldList Begin()
    {
        Entry = _entries++;
        return this;
    }

    /// <summary>Ends the entry.</summary>
    public FieldList End()
    {
        Entry = -1;
        return this;
    }

    public FieldList Number(string group, int width, ulong value)
    {
        byte[] bytes = new byte[width];
        Numbers.Write(bytes, value, BigEndian);
        return Add(FieldKind.Number, group, bytes);
    }

    public FieldList Derived(string group, int width, DerivedKind kind, string of, int add = 0) => Add(FieldKind.Number, group, new byte[width], new Derived(kind, of, add));

    public FieldList Varint(string group, ulong value, int width = 1)
    {
        byte[] bytes = new byte[width];
        Numbers.WriteVarint(bytes, value);
        return Add(FieldKind.Varint, group, bytes);
    }

    /// <summary>A field of protobuf with a length: its tag and length; what follows in <paramref name="of"/> is measured.</summary>
    public FieldList Message(string group, int number, string of) => Varint(group, ((ulong)number << 3) | 2).Add(FieldKind.Varint, group, new byte[3], new Derived(DerivedKind.Length, of));

    public FieldList Padding(string group, int multiple) => Add(FieldKind.Bytes, group, [], new Derived(DerivedKind.Padding, "", multiple));

    public FieldList Text(string group, string text) => Add(FieldKind.Text, group, Encoding.UTF8.GetBytes(text));

    public FieldList Code(string group, byte code) => Add(FieldKind.Code, group, [code]);

    public FieldList Bytes(string group, params byte[] bytes) => Add(FieldKind.Bytes, group, bytes);

    public FieldList Words(string group, FieldKind kind, IEnumerable<string> words)
    {
        foreach (string word in words)
        {
            _ = Add(kind, group, Encoding.UTF8.GetBytes(word));
        }

        return this;
    }

    private FieldList Add(FieldKind kind, string group, byte[] bytes, Derived? derived = null)
    {
        _fields.Add(new Field(kind, group, bytes) { BigEndian = BigEndian, Derived = derived, Entry = Entry, File = File });
        return this;
    }
}
