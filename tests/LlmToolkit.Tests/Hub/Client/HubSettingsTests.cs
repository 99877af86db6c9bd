using LlmToolkit.Hub;

namespace LlmToolkit.Tests.Hub.Client;

public sealed class HubSettingsTests
{
    private static readonly string s_home = Path.Combine(Path.GetTempPath(), "user");

    private static string Home(params string[] parts) => Path.Combine([s_home, .. parts]);

    private static HubSettings Read(params (string Name, string Value)[] variables) =>
        HubSettings.FromEnvironment(name => variables.Where(v => v.Name == name).Select(v => v.Value).FirstOrDefault(), s_home);

    [Fact]
    public void FromEnvironment_Nothing_IsTheFieldsDefault()
    {
        HubSettings settings = Read();

        Assert.Equal(new Uri("https://huggingface.co"), settings.Endpoint);
        Assert.Equal(Home(".cache", "huggingface"), settings.Home);
        Assert.Equal(Home(".cache", "huggingface", "hub"), settings.CacheFolder);
        Assert.Equal(Home(".cache", "huggingface", "token"), settings.TokenFile);
        Assert.False(settings.Offline);
        Assert.True(settings.SendStoredToken);
        Assert.True(settings.UseSymlinks);
        Assert.True(settings.ShowProgress);
        Assert.Equal((TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10)), (settings.MetadataTimeout, settings.DownloadTimeout));
        Assert.Null(settings.UserAgentOrigin);
        Assert.Null(settings.EnvironmentToken);
    }

    public static TheoryData<string, string, Func<HubSettings, object?>, object?> Variables => new()
    {
        { "HF_ENDPOINT", "https://mirror.example/", s => s.Endpoint.AbsoluteUri, "https://mirror.example/" },
        { "HF_ENDPOINT", "http://127.0.0.1:8080/hub///", s => s.Endpoint.AbsoluteUri, "http://127.0.0.1:8080/hub" },
        { "HF_HOME", "/data/hf", s => s.CacheFolder, Path.GetFullPath("/data/hf/hub") },
        { "HF_HOME", "~/hf", s => s.Home, Home("hf") },
        { "HF_HOME", "~", s => s.Home, Path.GetFullPath(s_home) },
        { "XDG_CACHE_HOME", "/xdg", s => s.Home, Path.GetFullPath("/xdg/huggingface") },
        { "HF_HUB_CACHE", "/c1", s => s.CacheFolder, Path.GetFullPath("/c1") },
        { "HUGGINGFACE_HUB_CACHE", "/c2", s => s.CacheFolder, Path.GetFullPath("/c2") },
        { "HF_TOKEN_PATH", "~/secret", s => s.TokenFile, Home("secret") },
        { "HF_HUB_OFFLINE", "1", s => s.Offline, true },
        { "HF_HUB_OFFLINE", "on", s => s.Offline, true },
        { "HF_HUB_OFFLINE", "Yes", s => s.Offline, true },
        { "HF_HUB_OFFLINE", "0", s => s.Offline, false },
        { "HF_HUB_OFFLINE", "enabled", s => s.Offline, false },
        { "TRANSFORMERS_OFFLINE", "TRUE", s => s.Offline, true },
        { "HF_HUB_DISABLE_IMPLICIT_TOKEN", "1", s => s.SendStoredToken, false },
        { "HF_HUB_DISABLE_SYMLINKS", "1", s => s.UseSymlinks, false },
        { "HF_HUB_DISABLE_PROGRESS_BARS", "1", s => s.ShowProgress, false },
        { "HF_HUB_ETAG_TIMEOUT", "2.5", s => s.MetadataTimeout, TimeSpan.FromSeconds(2.5) },
        { "HF_HUB_DOWNLOAD_TIMEOUT", "30", s => s.DownloadTimeout, TimeSpan.FromSeconds(30) },
        { "HF_HUB_USER_AGENT_ORIGIN", "ci/1", s => s.UserAgentOrigin, "ci/1" },
        { "HF_TOKEN", "  hf_a\n", s => s.EnvironmentToken, ("HF_TOKEN", "hf_a") },
        { "HUGGING_FACE_HUB_TOKEN", "hf_b", s => s.EnvironmentToken, ("HUGGING_FACE_HUB_TOKEN", "hf_b") },
        { "HF_TOKEN", "   ", s => s.EnvironmentToken, null },
        { "HF_HUB_CACHE", "", s => s.CacheFolder, Home(".cache", "huggingface", "hub") },
    };

    [Theory]
    [MemberData(nameof(Variables))]
    public void FromEnvironment_OneVariable_IsTaken(string name, string value, Func<HubSettings, object?> read, object? expected) =>
        Assert.Equal(expected, read(Read((name, value))));

    [Fact]
    public void FromEnvironment_Several_TheNewerNameWins()
    {
        HubSettings settings = Read(("HF_HUB_CACHE", "/new"), ("HUGGINGFACE_HUB_CACHE", "/old"), ("HF_HOME", "/home"), ("XDG_CACHE_HOME", "/xdg"), ("HF_TOKEN", "hf_new"), ("HUGGING_FACE_HUB_TOKEN", "hf_old"));

        Assert.Equal(Path.GetFullPath("/new"), settings.CacheFolder);
        Assert.Equal(Path.GetFullPath("/home"), settings.Home);
        Assert.Equal(("HF_TOKEN", "hf_new"), settings.EnvironmentToken);
    }

    [Fact]
    public void FromEnvironment_VariablesInPaths_AreExpanded()
    {
        HubSettings settings = Read(("BASE", "/big"), ("HF_HOME", "$BASE/${BASE}x/$NONE"));

        Assert.Equal(Path.GetFullPath("/big/" + "/bigx/$NONE"), settings.Home);
    }

    [Theory]
    [InlineData("HF_ENDPOINT", "huggingface.co", "LT6000")]
    [InlineData("HF_ENDPOINT", "ftp://huggingface.co", "LT6000")]
    [InlineData("HF_ENDPOINT", "https://me:secret@huggingface.co", "LT6000")]
    [InlineData("HF_ENDPOINT", "https://huggingface.co/?token=secret", "LT6000")]
    [InlineData("HF_HUB_ETAG_TIMEOUT", "soon", "LT6001")]
    [InlineData("HF_HUB_DOWNLOAD_TIMEOUT", "0", "LT6001")]
    [InlineData("HF_HUB_DOWNLOAD_TIMEOUT", "-1", "LT6001")]
    [InlineData("HF_HUB_DOWNLOAD_TIMEOUT", "NaN", "LT6001")]
    [InlineData("HF_HUB_DOWNLOAD_TIMEOUT", "1e9", "LT6001")]
    public void FromEnvironment_WhatCannotBeUsed_IsNamed(string name, string value, string code)
    {
        Diagnostic diagnostic = Assert.Throws<ModelException>(() => Read((name, value))).Diagnostic;

        Assert.Equal((code, FaultKind.Usage, name), (diagnostic.Code, diagnostic.Kind, diagnostic.Field));
        Assert.NotEmpty(diagnostic.Fixes);
        Assert.DoesNotContain("me:secret", diagnostic.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ToString_WithAToken_DoesNotShowIt() =>
        Assert.DoesNotContain("hf_secret", Read(("HF_TOKEN", "hf_secret")).ToString(), StringComparison.Ordinal);
}
