using System.Net;
using LlmToolkit.Hub;
using LlmToolkit.Hub.TokenStores;
using LlmToolkit.Tests.Loading;

namespace LlmToolkit.Tests.Hub.Client;

public sealed class HubTokenTests
{
    private static CancellationToken None => TestContext.Current.CancellationToken;

    private static HubSettings Settings(TemporaryFolder folder, params (string Name, string Value)[] variables) =>
        HubSettings.FromEnvironment(name => name == "HF_HOME" ? folder.Path : variables.Where(v => v.Name == name).Select(v => v.Value).FirstOrDefault(), folder.Path);

    [Fact]
    public void ToString_Token_IsMasked()
    {
        HubToken token = HubToken.Explicit($"  {HubHandler.Token}\n");

        Assert.Equal("the argument, …wxyz", token.ToString());
        Assert.Equal(HubHandler.Token, token.Secret);
        Assert.Equal("…", HubToken.Explicit("short").Masked);
        Assert.Equal("no token", HubToken.None.ToString());
        Assert.DoesNotContain(typeof(HubToken).GetProperties(), p => Equals(p.GetValue(token), HubHandler.Token));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n\t")]
    public void Explicit_Nothing_IsNoToken(string text) => Assert.False(HubToken.Explicit(text).IsPresent);

    [Theory]
    [InlineData("hf_a b")]
    [InlineData("hf_a\r\nX-Evil: 1")]
    [InlineData("hf_ä")]
    [InlineData("hf_\0")]
    public void Explicit_WhatNoHeaderCarries_IsRefusedWithoutShowingIt(string text)
    {
        Diagnostic diagnostic = Assert.Throws<ModelException>(() => HubToken.Explicit(text)).Diagnostic;

        Assert.Equal(("LT6013", FaultKind.Authentication), (diagnostic.Code, diagnostic.Kind));
        Assert.DoesNotContain("hf_a", diagnostic.ToString(), StringComparison.Ordinal);
    }

    /// <summary>A key of any form is sent: the Hub decides.</summary>
    [Theory]
    [InlineData("api_org_x")]
    [InlineData("anything-at-all")]
    public void Explicit_AnyForm_IsTaken(string text) => Assert.True(HubToken.Explicit(text).IsPresent);

    [Fact]
    public void Find_Places_InTheFieldsOrder()
    {
        using TemporaryFolder folder = new();
        string file = folder.File("token", "hf_from_the_file_1234\n"u8.ToArray());

        Assert.Equal("hf_from_the_file_1234", HubToken.Find(Settings(folder)).Secret);
        Assert.Equal(file, HubToken.Find(Settings(folder)).Source);
        Assert.Equal("HUGGING_FACE_HUB_TOKEN", HubToken.Find(Settings(folder, ("HUGGING_FACE_HUB_TOKEN", "hf_old"))).Source);
        Assert.Equal("HF_TOKEN", HubToken.Find(Settings(folder, ("HUGGING_FACE_HUB_TOKEN", "hf_old"), ("HF_TOKEN", "hf_new"))).Source);
        Assert.False(HubToken.Find(Settings(folder, ("HF_TOKEN_PATH", Path.Combine(folder.Path, "none")))).IsPresent);
    }

    [Fact]
    public async Task Client_ImplicitTokensOff_SendsOnlyOnesThatTheCallerNames()
    {
        using TemporaryFolder folder = new();
        folder.File("token", "hf_from_the_file_1234"u8.ToArray());
        foreach ((HubToken? token, string disable, bool sent) in ((HubToken?, string, bool)[])[(null, "0", true), (null, "1", false), (HubToken.Explicit("hf_named"), "1", true), (HubToken.None, "0", false)])
        {
            using HubHandler handler = HubHandler.InTurn(() => HubHandler.Json("{}"));
            using HubClient client = new(Settings(folder, ("HF_HUB_DISABLE_IMPLICIT_TOKEN", disable)), token, handler);

            await client.RefsAsync(HubHandler.Repository, None);

            Assert.Equal(sent, handler.Sent[0].Authorization is not null);
        }
    }

    [Fact]
    public async Task Set_KnownToken_IsKeptInTheFirstPlaceThatWorks()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Json("""{"type":"user","name":"me","fullname":"Me","email":"me@x.test","orgs":[{"name":"o"}],"auth":{"type":"access_token","accessToken":{"displayName":"laptop","role":"read"} } }"""));
        using HubClient client = handler.Client();
        MemoryStore broken = new("broken") { IsBroken = true };
        MemoryStore keyring = new("keyring");
        MemoryStore plain = new("plain", isPlain: true);

        HubLogin login = await HubToken.SetAsync(client, [broken, keyring, plain], plain: false, None);

        Assert.Equal(("me", "user", "Me", "me@x.test", "laptop", "read"), (login.Identity.Name, login.Identity.Type, login.Identity.FullName, login.Identity.Email, login.Identity.TokenName, login.Identity.TokenRole));
        Assert.Equal(["o"], login.Identity.Organizations);
        Assert.Equal("keyring", login.Place.Name);
        Assert.Equal((HubHandler.Token, null), (keyring.Token, plain.Token));
        Assert.EndsWith("/api/whoami-v2", handler.Sent[0].Address.AbsoluteUri, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Set_Plain_LeavesNoOlderOneThatWouldWin()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Json("""{"name":"me"}"""));
        using HubClient client = handler.Client();
        MemoryStore keyring = new("keyring") { Token = "old" };
        MemoryStore plain = new("plain", isPlain: true);

        HubLogin login = await HubToken.SetAsync(client, [keyring, plain], plain: true, None);

        Assert.Equal(("plain", true, null, HubHandler.Token), (login.Place.Name, login.Place.IsPlain, keyring.Token, plain.Token));
    }

    [Fact]
    public async Task Set_UnknownToken_IsNotKept()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Status(HttpStatusCode.Unauthorized));
        using HubClient client = handler.Client();
        MemoryStore keyring = new("keyring");

        ModelException error = await Assert.ThrowsAsync<ModelException>(() => HubToken.SetAsync(client, [keyring], plain: false, None));

        Assert.Equal(("LT6172", null), (error.Diagnostic.Code, keyring.Token));
    }

    [Fact]
    public async Task WhoAmI_NoToken_AsksNothing()
    {
        using HubHandler handler = HubHandler.InTurn(() => HubHandler.Json("{}"));
        using HubClient client = handler.Client(token: null);

        Assert.Equal("LT6012", (await Assert.ThrowsAsync<ModelException>(() => client.WhoAmIAsync(None))).Diagnostic.Code);
        Assert.Empty(handler.Sent);
    }

    [Fact]
    public void PlainFile_Written_IsForItsOwnerAlone()
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "new", "hf", "token");
        PlainFileStore store = new(path);

        Assert.Null(store.Read());
        Assert.False(store.Delete());
        Assert.True(store.Write("hf_first"));
        Assert.True(store.Write("hf_second"));
        Assert.Equal("hf_second", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(path)!));
        }

        Assert.True(store.Delete());
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void PlainFile_TooLargeOrNoFile_IsNoToken()
    {
        using TemporaryFolder folder = new();
        Assert.Null(new PlainFileStore(folder.File("big", new byte[1 << 20])).Read());
        Assert.Null(new PlainFileStore(folder.Path).Read());
    }

    [Fact]
    public void PlainFile_CannotBeWritten_SaysSoWithoutTheToken()
    {
        using TemporaryFolder folder = new();
        string file = folder.File("file", [1]);

        ModelException error = Assert.Throws<ModelException>(() => new PlainFileStore(Path.Combine(file, "token")).Write(HubHandler.Token));

        Assert.Equal("LT6016", error.Diagnostic.Code);
        Assert.DoesNotContain("Secret", error.ToString() + error.Diagnostic, StringComparison.Ordinal);
    }

    [Fact]
    public void Clear_FileOnly_TellsWhereItWas()
    {
        using TemporaryFolder folder = new();
        string file = folder.File("t", "hf_x"u8.ToArray());
        HubSettings settings = Settings(folder, ("HF_TOKEN_PATH", file));

        Assert.Equal(new HubTokenPlace(file, IsPlain: true), Assert.Single(HubToken.Clear(settings)));
        Assert.Empty(HubToken.Clear(settings));
    }

    /// <summary>What the system's tools are told: the token never among the arguments, which everyone can see.</summary>
    [Theory]
    [InlineData("keychain", "/usr/bin/security")]
    [InlineData("secret service", "secret-tool")]
    public void SystemStores_TheTool_GetsTheTokenByStandardInput(string name, string tool)
    {
        List<(string Program, IReadOnlyList<string> Arguments, string? Input)> runs = [];
        string? kept = null;
        ExternalTool.Outcome? Run(string program, IReadOnlyList<string> arguments, string? input)
        {
            runs.Add((program, arguments, input));
            switch (arguments[0])
            {
                case "-i" or "store":
                    kept = HubHandler.Token;
                    return new ExternalTool.Outcome(0, "");
                case "lookup" or "find-generic-password":
                    return kept is null ? new ExternalTool.Outcome(44, "") : new ExternalTool.Outcome(0, kept + "\n");
                default:
                    ExternalTool.Outcome outcome = new(kept is null ? 44 : 0, "");
                    kept = null;
                    return outcome;
            }
        }

        ITokenStore store = name == "keychain" ? new KeychainStore("https://hub.example", Run) : new SecretServiceStore("https://hub.example", Run);

        Assert.Null(store.Read());
        Assert.True(store.Write(HubHandler.Token));
        Assert.Equal(HubHandler.Token, store.Read());
        Assert.True(store.Delete());
        Assert.False(store.Delete());
        Assert.False(store.Place.IsPlain);
        Assert.All(runs, r => Assert.Equal(tool, r.Program));
        Assert.All(runs, r => Assert.DoesNotContain(r.Arguments, a => a.Contains("Secret", StringComparison.Ordinal)));
        Assert.Contains(runs, r => r.Input?.Contains(HubHandler.Token, StringComparison.Ordinal) == true);
        Assert.Contains(runs, r => string.Join(' ', r.Arguments).Contains("https://hub.example", StringComparison.Ordinal));
    }

    [Fact]
    public void SystemStores_ToolThatDoesNotKeep_IsNotBelieved()
    {
        static ExternalTool.Outcome? Run(string program, IReadOnlyList<string> arguments, string? input) => new(0, "");

        Assert.False(new KeychainStore("a", Run).Write("t"));
        Assert.False(new SecretServiceStore("a", Run).Write("t"));
        Assert.False(new KeychainStore("a", (_, _, _) => null).Write("t"));
        Assert.Null(new SecretServiceStore("a", (_, _, _) => null).Read());
    }

    [Fact]
    public void ExternalTool_OfTheSystem_RunsWithInput()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sh is needed");

        Assert.Equal(new ExternalTool.Outcome(3, "in hello"), ExternalTool.Run("sh", ["-c", "printf 'in '; cat; exit 3"], "hello"));
        Assert.Null(ExternalTool.Run("llmtk-no-such-tool", [], null));
        Assert.False(ExternalTool.IsOnPath("llmtk-no-such-tool"));
    }

    private sealed class MemoryStore(string name, bool isPlain = false) : ITokenStore
    {
        public string? Token { get; set; }

        public bool IsBroken { get; init; }

        public string Name => name;

        public HubTokenPlace Place => new(name, isPlain);

        public string? Read() => Token;

        public bool Write(string token)
        {
            Token = IsBroken ? null : token;
            return !IsBroken;
        }

        public bool Delete()
        {
            bool there = Token is not null;
            Token = null;
            return there;
        }
    }
}
