using LlmToolkit.Tests.Loading;

namespace LlmToolkit.Tests.Diagnosis;

/// <summary>All cases, by what they are made of.</summary>
internal static partial class FailureTable
{
    public static IReadOnlyList<FailureCase> All { get; } = [.. Gguf, .. Foreign, .. Checkpoints, .. Folders, .. Text, .. Machine, .. Messages];

    private static FailureCase File(string id, string what, string elsewhere, string code, string fix, string name, Func<byte[]> bytes) =>
        new(id, what, elsewhere, code, fix) { Make = folder => folder.File(name, bytes()) };

    private static FailureCase Folder(string id, string what, string elsewhere, string code, string fix, Action<TemporaryFolder> make, string? name = null) =>
        new(id, what, elsewhere, code, fix)
        {
            Make = folder =>
            {
                make(folder);
                return name is null ? folder.Path : Path.Combine(folder.Path, name);
            },
        };

    private static FailureCase Message(string id, string message, string code, string fix, LoadContext? context = null) => new(id, "message", message, code, fix) { Context = context };
}
