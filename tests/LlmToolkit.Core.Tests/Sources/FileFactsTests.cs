using System.Diagnostics;
using System.Net.Sockets;

namespace LlmToolkit.Core.Tests.Sources;

public sealed class FileFactsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmtk-facts-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Of_FilesFoldersAndNothing_IsTold()
    {
        string file = Write("f", 5);

        Assert.Equal((FileNodeKind.File, 5), (FileFacts.Of(file)!.Kind, FileFacts.Of(file)!.Length));
        Assert.Equal(FileNodeKind.Directory, FileFacts.Of(_folder)!.Kind);
        Assert.Null(FileFacts.Of(In("absent")));
        Assert.Null(FileFacts.Of(Path.Combine(file, "below a file")));
        Assert.Null(FileFacts.Of(""));
        Assert.Null(FileFacts.Of("a\0b"));
    }

    [Fact]
    public void Of_WhatIsNoFile_IsToldWithoutOpeningIt()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Pipes, sockets and devices of Linux.");
        Run("mkfifo", In("pipe"));
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(In("socket")));

        Assert.Equal(FileNodeKind.Pipe, FileFacts.Of(In("pipe"))!.Kind);
        Assert.Equal(FileNodeKind.Socket, FileFacts.Of(In("socket"))!.Kind);
        Assert.Equal(FileNodeKind.CharacterDevice, FileFacts.Of("/dev/zero")!.Kind);
        Assert.Equal((FileNodeKind.File, 0), (FileFacts.Of("/proc/self/mem")!.Kind, FileFacts.Of("/proc/self/mem")!.Length));
        Assert.All((string[])["pipe", "socket"], n => Assert.Equal(0, FileFacts.Of(In(n))!.Length));
    }

    [Fact]
    public void Of_TimesThatWerePutBack_StillDiffer()
    {
        string file = Write("f", 5);
        DateTime written = new(2024, 5, 6, 7, 8, 9, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(file, written);
        FileFacts before = FileFacts.Of(file)!;
        Assert.Equal((written - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick, before.Modified);

        Thread.Sleep(20);
        File.WriteAllBytes(file, new byte[5]);
        File.SetLastWriteTimeUtc(file, written);

        FileFacts after = FileFacts.Of(file)!;
        Assert.Equal((before.Modified, before.Length, before.Inode), (after.Modified, after.Length, after.Inode));
        Assert.SkipUnless(after.Changed is not null, "This system does not tell when a file was changed.");
        Assert.True(after.Changed > before.Changed);
    }

    [Fact]
    public void Of_Links_AreFollowedAndHardLinksCounted()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Inodes of Linux.");
        string file = Write("f", 3);
        File.CreateSymbolicLink(In("link"), "f");
        File.CreateSymbolicLink(In("circle"), "circle");
        File.CreateSymbolicLink(In("dangling"), "nowhere");
        Run("ln", file, In("second"));

        FileFacts facts = FileFacts.Of(file)!;
        Assert.Equal(2, facts.Links);
        Assert.Equal(facts, FileFacts.Of(In("link")));
        Assert.Equal(facts.Inode, FileFacts.Of(In("second"))!.Inode);
        Assert.Null(FileFacts.Of(In("dangling")));
        Assert.Throws<IOException>(() => FileFacts.Of(In("circle")));
        Assert.Throws<PathTooLongException>(() => FileFacts.Of(In(new string('a', 300))));
    }

    [Fact]
    public void Of_FolderWithoutPermission_IsRefused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName != "root", "Needs Linux and a user that permissions hold for.");
        Directory.CreateDirectory(In("closed"));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(In("closed"), UnixFileMode.None);
        }

        Assert.Throws<UnauthorizedAccessException>(() => FileFacts.Of(In("closed/f")));
    }

    [Fact]
    public void RealPath_LinksOnTheWay_AreFollowed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Links without a privilege.");
        string root = RealPath.Of(_folder)!;
        Directory.CreateDirectory(In("a/b"));
        Write("a/b/f", 1);
        Directory.CreateSymbolicLink(In("up"), "a/b/..");
        File.CreateSymbolicLink(In("a/abs"), In("a/b/f"));
        Directory.CreateSymbolicLink(In("out"), "..");
        File.CreateSymbolicLink(In("circle"), "circle");
        File.CreateSymbolicLink(In("dangling"), "nowhere");

        Assert.Equal(Path.Combine(root, "a", "b", "f"), RealPath.Of(In("up/b/f")));
        Assert.Equal(Path.Combine(root, "a", "b", "f"), RealPath.Of(In("up/abs")));
        Assert.Equal(Path.GetDirectoryName(root), RealPath.Of(In("out")));
        Assert.Null(RealPath.Of(In("dangling")));
        Assert.Null(RealPath.Of(In("absent/f")));
        Assert.Throws<IOException>(() => RealPath.Of(In("circle")));
        Assert.Equal("/", RealPath.Of("/"));
    }

    [Fact]
    public void IsInModelFolder_KnowsTheBlobsOfItsOwnRepositoryOnly()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Paths of Linux.");
        string blob = Write("models--o--n/blobs/abc", 1);
        string other = Write("models--o--other/blobs/abc", 1);
        string own = Write("models--o--n/snapshots/c0/sub/config.json", 1);
        string folder = Path.GetDirectoryName(own)!;

        Assert.True(RealPath.IsInModelFolder(RealPath.Of(own)!, folder));
        Assert.True(RealPath.IsInModelFolder(RealPath.Of(blob)!, folder));
        Assert.False(RealPath.IsInModelFolder(RealPath.Of(other)!, folder));
        Assert.False(RealPath.IsInModelFolder("/etc/passwd", folder));
        Assert.False(RealPath.IsUnder("/a/bc", "/a/b"));
        Assert.True(RealPath.IsUnder("/a/b/c", "/a/b/"));
        Assert.True(RealPath.IsUnder("/a", "/"));
    }

    private string In(string name) => Path.Combine(_folder, name);

    private string Write(string name, int bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(In(name))!);
        File.WriteAllBytes(In(name), new byte[bytes]);
        return In(name);
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
    }
}
