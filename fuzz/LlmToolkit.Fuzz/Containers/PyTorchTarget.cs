using System.Globalization;
using System.IO.Compression;

namespace LlmToolkit.Fuzz;

/// <summary>torch.save's zip (plain, with sums behind the data, zip64, deflated) and its older form.</summary>
internal sealed class PyTorchTarget() : ContainerTarget("pytorch")
{
    private static readonly (string Key, int Bytes)[] s_storages = [("0", 64), ("1", 16), ("2", 8), ("3", 16)];

    /// <inheritdoc/>
    protected override IReadOnlyList<FuzzSeed> Seeds() =>
    [
        new("zip", Zip().Fields, "model.pt"),
        new("zip, sums behind", Zip(descriptors: true).Fields, "model.pt"),
        new("zip64", Zip(zip64: true).Fields, "model.pt"),
        new("zip, deflated", Zip(deflate: true).Fields, "model.pt"),
        new("legacy", Legacy().Fields, "model.pth"),
        new("protocol 4", Zip(newer: true).Fields, "model.pt"),
    ];

    private static FieldList Zip(bool descriptors = false, bool zip64 = false, bool deflate = false, bool newer = false)
    {
        FieldList f = new();
        List<(string Name, string Group, bool Deflated, int Bytes)> records = [];
        void Record(string name, Action<string> content, int deflatedFrom = -1)
        {
            bool deflated = deflatedFrom >= 0;
            string group = $"r{records.Count}";
            Local(f, group, "archive/" + name, descriptors, deflated, deflatedFrom);
            content($"{group}/content");
            if (descriptors)
            {
                _ = f.Number("descriptor/sign", 4, 0x08074B50).Derived("descriptor/crc", 4, DerivedKind.Crc, group + "/content").Derived("descriptor/stored", 4, DerivedKind.Length, group + "/content").Derived("descriptor/bytes", 4, DerivedKind.Length, group + "/content");
            }

            _ = f.End();
            records.Add(("archive/" + name, group, deflated, deflatedFrom));
        }

        Record("data.pkl", group => _ = newer ? Newer(new PickleFields(f, group)) : new PickleFields(f, group).StateDict(legacy: false));
        Record("byteorder", group => _ = f.Text(group, "little"));
        foreach ((string key, int bytes) in s_storages)
        {
            byte[] data = [.. Enumerable.Range(0, bytes).Select(i => (byte)(i / 8))];
            Record("data/" + key, group => _ = f.Bytes(group, deflate ? Deflate(data) : data), deflate ? bytes : -1);
        }

        Record("version", group => _ = f.Text(group, "3\n"));
        _ = f.Bytes("directory/start");
        foreach ((string name, string group, bool deflated, int bytes) in records)
        {
            Central(f, group, name, descriptors, zip64, deflated, bytes);
        }

        if (zip64)
        {
            _ = f.Number("end64/sign", 4, 0x06064B50).Number("end64/size", 8, 44).Number("end64/made", 2, 45).Number("end64/need", 2, 45).Number("end64/disk", 4, 0).Number("end64/disk", 4, 0)
                .Derived("end64/count", 8, DerivedKind.Count, "directory/entries").Derived("end64/count", 8, DerivedKind.Count, "directory/entries").Derived("end64/bytes", 8, DerivedKind.Length, "directory").Derived("end64/at", 8, DerivedKind.Offset, "directory")
                .Number("locator/sign", 4, 0x07064B50).Number("locator/disk", 4, 0).Derived("locator/at", 8, DerivedKind.Offset, "end64").Number("locator/disks", 4, 1);
        }

        return f.Number("end/sign", 4, 0x06054B50).Number("end/disk", 2, 0).Number("end/disk", 2, 0).Derived("end/count", 2, DerivedKind.Count, "directory/entries").Derived("end/count", 2, DerivedKind.Count, "directory/entries")
            .Derived("end/bytes", 4, DerivedKind.Length, "directory").Derived("end/at", 4, DerivedKind.Offset, "directory").Number("end/comment", 2, 0);
    }

    private static void Local(FieldList f, string group, string name, bool descriptors, bool deflated, int bytes)
    {
        _ = f.Begin().Number(group + "/sign", 4, 0x04034B50).Number(group + "/need", 2, 20).Number(group + "/flags", 2, descriptors ? 8u : 0u).Number(group + "/method", 2, deflated ? 8u : 0u).Number(group + "/time", 4, 0);
        if (descriptors)
        {
            _ = f.Number(group + "/crc", 4, 0).Number(group + "/stored", 4, 0).Number(group + "/bytes", 4, 0);
        }
        else
        {
            Sizes(f, group, group, deflated, bytes);
        }

        _ = f.Derived(group + "/length", 2, DerivedKind.Length, group + "/name").Number(group + "/extras", 2, 0).Text(group + "/name", name);
    }

    private static void Sizes(FieldList f, string at, string group, bool deflated, int bytes)
    {
        // The sum of a deflated entry is over what it unfolds to, so it is a plain number here.
        _ = deflated
            ? f.Number(at + "/crc", 4, Sum(bytes)).Derived(at + "/stored", 4, DerivedKind.Length, group + "/content").Number(at + "/bytes", 4, (ulong)bytes)
            : f.Derived(at + "/crc", 4, DerivedKind.Crc, group + "/content").Derived(at + "/stored", 4, DerivedKind.Length, group + "/content").Derived(at + "/bytes", 4, DerivedKind.Length, group + "/content");
    }

    private static uint Sum(int bytes) => Numbers.Crc(0, [.. Enumerable.Range(0, bytes).Select(i => (byte)(i / 8))]);

    private static void Central(FieldList f, string group, string name, bool descriptors, bool zip64, bool deflated, int bytes)
    {
        string at = $"directory/entries/{group}";
        _ = f.Begin().Number(at + "/sign", 4, 0x02014B50).Number(at + "/made", 2, 20).Number(at + "/need", 2, 20).Number(at + "/flags", 2, descriptors ? 8u : 0u).Number(at + "/method", 2, deflated ? 8u : 0u).Number(at + "/time", 4, 0);
        if (zip64)
        {
            _ = f.Derived(at + "/crc", 4, DerivedKind.Crc, group + "/content").Number(at + "/stored", 4, uint.MaxValue).Number(at + "/bytes", 4, uint.MaxValue);
        }
        else
        {
            Sizes(f, at, group, deflated, bytes);
        }

        _ = f.Derived(at + "/length", 2, DerivedKind.Length, at + "/name").Number(at + "/extras", 2, zip64 ? 28u : 0u).Number(at + "/comment", 2, 0).Number(at + "/disk", 2, 0).Number(at + "/inner", 2, 0).Number(at + "/outer", 4, 0);
        _ = zip64 ? f.Number(at + "/header", 4, uint.MaxValue) : f.Derived(at + "/header", 4, DerivedKind.Offset, group);
        _ = f.Text(at + "/name", name);
        if (zip64)
        {
            _ = f.Number(at + "/extra/id", 2, 1).Number(at + "/extra/size", 2, 24).Derived(at + "/extra/bytes", 8, DerivedKind.Length, group + "/content")
                .Derived(at + "/extra/stored", 8, DerivedKind.Length, group + "/content").Derived(at + "/extra/header", 8, DerivedKind.Offset, group);
        }

        _ = f.End();
    }

    private static PickleFields Newer(PickleFields p)
    {
        _ = p.Proto(4).Op('}').Op(0x94).Op('(').ShortText("w").ShortText("torch._utils").ShortText("_rebuild_tensor_v2").Op(0x93).Op('(').Op('(').ShortText("storage").ShortText("torch").ShortText("FloatStorage").Op(0x93);
        _ = p.ShortText("0").ShortText("cpu").Int(16).Op('t').Op('Q').Int(0).Int(4).Int(4).Op(0x86).Int(4).Int(1).Op(0x86).Op(0x89).ShortText("collections").ShortText("OrderedDict").Op(0x93).Op(')').Op('R').Op('t').Op('R');
        return p.ShortText("set").Op(0x8F).Op('(').Int(1).Op(0x90).ShortText("t1").Op('N').Op(0x85).ShortText("t3").Op('N').Op('N').Op('N').Op(0x87).Op('u').Op('.');
    }

    private static FieldList Legacy()
    {
        FieldList f = new();
        PickleFields p = new(f, "pickles");
        _ = p.Proto(2);
        _ = f.Code("magic", 0x8A).Number("magic", 1, 10).Bytes("magic", 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19).Code("magic", (byte)'.');
        _ = p.Proto(2).Op('M');
        _ = f.Number("protocol", 2, 1001).Code("protocol", (byte)'.');
        _ = p.Proto(2).Op('}').Op('(').Text("protocol_version").Op('M');
        _ = f.Number("system", 2, 1001);
        _ = p.Text("little_endian").Op(0x88).Text("type_sizes").Op('}').Op('(').Text("short").Int(2).Text("int").Int(4).Text("long").Int(4).Op('u').Op('u').Op('.');
        _ = p.StateDict(legacy: true).Proto(2).Op(']').Op('(');
        foreach ((string key, _) in s_storages)
        {
            _ = p.Text(key);
        }

        _ = p.Op('e').Op('.');
        foreach ((string key, int bytes) in s_storages)
        {
            int width = key switch { "0" => 4, "3" => 8, _ => 2 };
            _ = f.Begin().Number("storages/count", 8, (ulong)(bytes / width)).Bytes("storages/data", new byte[bytes]).End();
        }

        return f;
    }

    private static byte[] Deflate(byte[] data)
    {
        using MemoryStream output = new();
        using (DeflateStream stream = new(output, CompressionLevel.Optimal, leaveOpen: true))
        {
            stream.Write(data);
        }

        return output.ToArray();
    }
}
