using PublicApiGenerator;

namespace LlmToolkit.House.Tests;

/// <summary>Rule 7: the public surface of each package is a text that changes are reviewed by.</summary>
public sealed class PublicApiTests
{
    [Theory]
    [InlineData("LlmToolkit.Core", typeof(ModelInfo))]
    [InlineData("LlmToolkit.Formats", typeof(Formats.DefaultFormats))]
    [InlineData("LlmToolkit.Text", typeof(Text.Tokenizer))]
    [InlineData("LlmToolkit", typeof(ModelLoader))]
    [InlineData("LlmToolkit.Server", typeof(Server.LlmServer))]
    [InlineData("LlmToolkit.Testing", typeof(Testing.FakeBackend))]
    public void PublicApi_OfPackage_IsTheReviewedOne(string package, Type type)
    {
        string api = type.Assembly.GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false, DenyNamespacePrefixes = [] });
        Source.MustEqual($"tests/LlmToolkit.House.Tests/PublicApi/{package}.txt", api);
    }
}
