using System.Diagnostics;
using System.Net.Sockets;
using LlmToolkit.Loading;

namespace LlmToolkit.Tests.Loading;

/// <summary>Sources that are not plain files, and paths at which nothing lies: one clear error each, and nothing waits.</summary>
public sealed class UnusualSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("pipe", "LT2006", FaultKind.Refused)]
    [InlineData("socket", "LT2006", FaultKind.Refused)]
    [InlineData("/dev/zero", "LT2006", FaultKind.Refused)]
    [InlineData("/dev/null", "LT2006", FaultKind.Refused)]
    [InlineData("dangling", "LT2007", FaultKind.Refused)]
    [InlineData("circle", "LT2005", FaultKind.Refused)]
    [InlineData("not UTF-8", "LT2001", FaultKind.Usage)]
    [InlineData("too long", "LT2001", FaultKind.Usage)]
    [InlineData("NUL", "LT2001", FaultKind.Usage)]
    public async Task Validate_NoPlainFile_IsOneErrorAtOnce(string kind, string code, FaultKind fault)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Pipes, sockets, devices and links of Linux.");
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        string path = kind[0] == '/' ? kind : kind switch
        {
            "not UTF-8" => In("\uFFFD.gguf"),
            "too long" => In(new string('a', 400) + ".gguf"),
            "NUL" => In("a\0b.gguf"),
            _ => In(kind),
        };
        switch (kind)
        {
            case "pipe":
                Run("mkfifo", path);
                break;
            case "socket":
                socket.Bind(new UnixDomainSocketEndPoint(path));
                break;
            case "dangling":
                File.CreateSymbolicLink(path, "nowhere");
                break;
            case "circle":
                File.CreateSymbolicLink(path, kind);
                break;
        }

        ModelLoader loader = new();
        async Task<Diagnostic> Error(Task work) => (await Assert.ThrowsAsync<ModelException>(() => work)).Diagnostic;
        List<Task<Diagnostic>> all = [Error(loader.DescribeAsync(path, null, Cancellation)), Error(loader.OpenAsync(path, null, Cancellation)), Error(loader.LoadAsync(path, null, null, Cancellation))];
        if (code == "LT2006")
        {
            // It lies there: so it has a name and a verdict.
            Detection detection = await loader.DetectAsync(path, Cancellation);
            Assert.Equal(("unknown", kind[0] == '/' ? "device" : kind), (detection.Format, detection.Recognised));
            ValidationReport report = await loader.ValidateAsync(path, null, Cancellation);
            Assert.Equal((Verdict.Refused, code), (report.Verdict, Assert.Single(report.Findings).Code));
        }
        else
        {
            all.AddRange([Error(loader.DetectAsync(path, Cancellation)), Error(loader.ValidateAsync(path, null, Cancellation))]);
        }

        foreach (Diagnostic error in await Task.WhenAll(all).WaitAsync(TimeSpan.FromSeconds(20), Cancellation))
        {
            Assert.Equal((code, fault), (error.Code, error.Kind));
            Assert.NotEmpty(error.Fixes);
        }
    }

    [Theory]
    [InlineData("/proc/self/mem")]
    [InlineData("/proc/cpuinfo")]
    public async Task Validate_FileOfTheSystemWithoutLength_IsRefusedAsEmpty(string path)
    {
        Assert.SkipUnless(File.Exists(path), "Files of Linux.");
        ValidationReport report = await new ModelLoader().ValidateAsync(path, null, Cancellation);

        Assert.Equal((Verdict.Refused, "LT1400"), (report.Verdict, Assert.Single(report.Findings).Code));
    }

    [Fact]
    public async Task Validate_UnreadableFile_IsOneError()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName != "root", "Needs Linux and a user that permissions hold for.");
        string path = _folder.File("m.gguf", 1, 2, 3);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.None);
        }

        Assert.Equal("LT2005", (await Assert.ThrowsAsync<ModelException>(() => new ModelLoader().ValidateAsync(path, null, Cancellation))).Diagnostic.Code);
    }

    /// <summary>What is asked for while Model.gguf and "with space.gguf" exist, and words of the first fix.</summary>
    [Theory]
    [InlineData("{0}/model.gguf", "Write {0}/Model.gguf")]
    [InlineData("{0}/MODEL.GGUF", "Write {0}/Model.gguf")]
    [InlineData("{0}/Modle.gguf", "Did you mean {0}/Model.gguf?")]
    [InlineData("{0}/Model", "Did you mean {0}/Model.gguf?")]
    [InlineData(" {0}/Model.gguf ", "Write {0}/Model.gguf")]
    [InlineData("\"{0}/Model.gguf\"", "Write {0}/Model.gguf")]
    [InlineData("'{0}/Model.gguf'", "Write {0}/Model.gguf")]
    [InlineData("file://{0}/Model.gguf", "Write {0}/Model.gguf")]
    [InlineData("{0}/with%20space.gguf", "Write {0}/with space.gguf")]
    [InlineData("{0}/with\\ space.gguf", "Write {0}/with space.gguf")]
    [InlineData("{0}/SUB/x.gguf", "Write {0}/sub/x.gguf")]
    public void Resolve_NearlyRightPath_IsToldTheRightOne(string asked, string fix)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A file system on which case matters.");
        _folder.File("Model.gguf", 1);
        _folder.File("with space.gguf", 1);
        _folder.File("sub/x.gguf", 1);

        ModelException error = Assert.Throws<ModelException>(() => SourceResolver.Resolve(asked.Replace("{0}", _folder.Path, StringComparison.Ordinal)));

        Assert.Equal(fix.Replace("{0}", _folder.Path, StringComparison.Ordinal), error.Diagnostic.Fixes[0]);
    }

    [Fact]
    public void Resolve_FolderOfARepositoryInTheHubCache_IsItsSnapshot()
    {
        string main = Path.GetDirectoryName(_folder.File("models--o--n/snapshots/aaa111/config.json", "{}"))!;
        string other = Path.GetDirectoryName(_folder.File("models--o--n/snapshots/bbb222/config.json", "{}"))!;
        _folder.File("models--o--n/refs/main", "aaa111");
        Directory.SetLastWriteTimeUtc(other, DateTime.UtcNow.AddHours(1));
        string repository = In("models--o--n");

        Assert.Equal(new ModelSource.Local(main), SourceResolver.Resolve(repository));
        Assert.Equal(new ModelSource.Local(main), SourceResolver.Resolve(Path.Combine(repository, "snapshots") + "/"));
        Assert.Equal(new ModelSource.Local(other), SourceResolver.Resolve(other));

        File.WriteAllText(Path.Combine(repository, "refs", "main"), "../../../etc");
        Assert.Equal(new ModelSource.Local(other), SourceResolver.Resolve(repository));
        File.Delete(Path.Combine(repository, "refs", "main"));
        Assert.Equal(new ModelSource.Local(other), SourceResolver.Resolve(repository));
    }

    [Fact]
    public async Task Detect_Folder_TellsTheModelsInIt()
    {
        _folder.File("a-Q4_K_M.gguf", TinyGguf.Sound().Build());
        _folder.File("a-Q8_0.gguf", TinyGguf.Sound().Build());

        Detection detection = await new ModelLoader().DetectAsync(_folder.Path, Cancellation);

        Assert.Equal("gguf", detection.Format);
        Assert.Equal([("a-Q4_K_M.gguf", true), ("a-Q8_0.gguf", false)], detection.Directory!.Candidates.Select(c => (c.Name, c.Chosen)));
    }

    [Fact]
    public async Task Validate_Onnx_IsUnsupportedWhenSoundAndRefusedWhenNot()
    {
        // ir_version 8, an empty graph, opset 17.
        byte[] sound = [0x08, 8, 0x3A, 0, 0x42, 2, 0x10, 17];
        ModelLoader loader = new();
        ValidationReport good = await loader.ValidateAsync(_folder.File("m.onnx", sound), null, Cancellation);
        ValidationReport asked = await loader.ValidateAsync(_folder.File("m.onnx", sound), "onnx", Cancellation);
        ValidationReport cut = await loader.ValidateAsync(_folder.File("cut.onnx", sound[..^1]), null, Cancellation);
        using ModelDescription description = await loader.DescribeAsync(_folder.File("m.onnx", sound), null, Cancellation);

        Assert.Equal(("onnx", Verdict.Unsupported, "IR 8, opset 17"), (good.Format, good.Verdict, good.Version));
        Assert.Equal("LT1419", Assert.Single(good.Findings).Code);
        Assert.Equal(good.Verdict, asked.Verdict);
        Assert.Equal((Verdict.Refused, "LT1430"), (cut.Verdict, cut.Findings[0].Code));
        Assert.Equal("onnx", description.Info!.Format);
    }

    private string In(string name) => Path.Combine(_folder.Path, name);

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
    }
}
