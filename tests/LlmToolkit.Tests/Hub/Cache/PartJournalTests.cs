using LlmToolkit.Hub;
using LlmToolkit.Tests.EndToEnd;

namespace LlmToolkit.Tests.Hub.Cache;

/// <summary>A journal that a kill or a failing disk has cut or changed at any byte never vouches for a block that it did not list.</summary>
public sealed class PartJournalTests : IDisposable
{
    private const long Size = 40 << 20;
    private static readonly string s_etag = new('a', 64);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void CutAnywhere_KeepsWhatStandsBefore()
    {
        byte[] whole = Written();
        for (int length = 0; length <= whole.Length; length++)
        {
            Dictionary<long, UInt128>? blocks = Read(whole[..length]);
            int records = Math.Max(0, (length - 512) / 28);
            Assert.Equal(length < 512 ? null : records, blocks?.Count);
        }
    }

    [Fact]
    public void ChangedAnywhere_ListsNothingElse()
    {
        byte[] whole = Written();
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] changed = [.. whole];
            changed[at] ^= 0x10;
            foreach ((long block, UInt128 hash) in Read(changed) ?? [])
            {
                Assert.Equal((UInt128)(ulong)(block + 100), hash);
                Assert.InRange(block, 0, 9);
            }
        }
    }

    [Theory]
    [InlineData(Size + 1, true)]
    [InlineData(Size, false)]
    public void OfAnotherContent_IsNotTaken(long size, bool sameEtag)
    {
        byte[] whole = Written();
        string path = Path.Combine(_folder.Path, Guid.NewGuid().ToString("N"));
        File.WriteAllBytes(path, whole);

        Assert.Null(PartJournal.TakeOver(path, sameEtag ? s_etag : new string('b', 64), size, _ => true, out _));
    }

    [Fact]
    public void HeldOrRefused_IsNotTaken()
    {
        string path = Path.Combine(_folder.Path, "held");
        using (PartJournal held = PartJournal.Create(path, s_etag, Size))
        {
            held.Add(1, 101);
            Assert.Null(PartJournal.TakeOver(path, s_etag, Size, _ => true, out _));
            Assert.False(PartJournal.IsFree(path));
        }

        string? owner = null;
        Assert.Null(PartJournal.TakeOver(path, s_etag, Size, o => (owner = o) is null, out _));
        Assert.False(PartJournal.IsGone(owner!));
        Assert.True(PartJournal.IsGone(owner!.Replace($"{Environment.ProcessId} ", "999999999 ", StringComparison.Ordinal)));
        Assert.True(PartJournal.IsFree(path));
    }

    private byte[] Written()
    {
        string path = Path.Combine(_folder.Path, Guid.NewGuid().ToString("N"));
        using (PartJournal journal = PartJournal.Create(path, s_etag, Size))
        {
            for (int block = 0; block < 10; block++)
            {
                journal.Add(block, (UInt128)(ulong)(block + 100));
            }
        }

        return File.ReadAllBytes(path);
    }

    private Dictionary<long, UInt128>? Read(byte[] bytes)
    {
        string path = Path.Combine(_folder.Path, "journal");
        File.WriteAllBytes(path, bytes);
        using PartJournal? journal = PartJournal.TakeOver(path, s_etag, Size, _ => true, out Dictionary<long, UInt128> blocks);
        return journal is null ? null : blocks;
    }
}
