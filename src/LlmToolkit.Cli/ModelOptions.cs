using System.CommandLine;
using System.Globalization;
using LlmToolkit.Configuration;

namespace LlmToolkit.Cli;

/// <summary>Options of every command that loads a model, and of <c>plan</c>.</summary>
internal sealed class ModelOptions
{
    private readonly Option<int?> _context = new("--context", "-c") { Description = "Longest sequence, in tokens. Default: the model's own.", HelpName = "N" };
    private readonly Option<string?> _memory = new("--memory") { Description = "Most memory to use: 6GiB, 512MiB or bytes.", HelpName = "SIZE" };
    private readonly Option<string?> _kv = new("--kv") { Description = "Type of the KV cache: f16 (default), f32, q8_0.", HelpName = "TYPE" };
    private readonly Option<string?> _gpuLayers = new("--gpu-layers") { Description = "Layers on a GPU: N or auto.", HelpName = "N" };
    private readonly Option<string[]> _adapter = new("--adapter") { Description = "A LoRA adapter to apply, PATH[:scale]; repeatable.", HelpName = "PATH" };
    private readonly Option<string?> _pre = new("--pre") { Description = "Override the pre-tokenizer's name (GGUF).", HelpName = "NAME" };
    private readonly Option<string?> _backend = new("--backend") { Description = "Take this backend or none.", HelpName = "NAME" };
    private readonly Option<bool> _exact = new("--exact") { Description = "Float32 activations and KV cache, to compare with references." };
    private readonly bool _hasExact;

    public ModelOptions(Command command, bool exact = false)
    {
        _hasExact = exact;
        foreach (Option option in (IEnumerable<Option>)[_context, _memory, _kv, _gpuLayers, _adapter, _pre, _backend, GlobalOptions.Format])
        {
            command.Options.Add(option);
        }

        if (exact)
        {
            command.Options.Add(_exact);
        }
    }

    /// <summary>The options as the library takes them.</summary>
    /// <param name="host">Its configuration stands below the options.</param>
    /// <param name="result">The command line.</param>
    /// <param name="hasOwnContext">True: to this command <c>--context</c> means something of its own, and the configured one says nothing.</param>
    public LoadOptions Read(CliHost host, ParseResult result, bool hasOwnContext = false)
    {
        bool exact = _hasExact && result.GetValue(_exact);
        ConfigurationFile set = host.Configuration();
        if (result.GetValue(_adapter) is { Length: > 0 } adapters)
        {
            throw CliErrors.AdaptersNotSupported(adapters[0]);
        }

        int? context = result.GetValue(_context) ?? (hasOwnContext ? null : Number(set.Get("context")));
        int? threads = result.GetValue(GlobalOptions.Threads) ?? Number(set.Get("threads"));
        return new LoadOptions
        {
            ContextLength = context is null or > 0 ? context : throw CliErrors.BadValue("--context", context.Value.ToString(CultureInfo.InvariantCulture), "a positive number"),
            MemoryBudget = (result.GetValue(_memory) ?? set.Get("memory")) is string size ? ParseSize(size) : null,
            KvType = (result.GetValue(_kv) ?? (exact ? null : set.Get("kv"))) switch
            {
                null => null,
                "f16" => KvType.F16,
                "f32" => KvType.F32,
                "q8_0" => KvType.Q8_0,
                string other => throw CliErrors.BadValue("--kv", other, "f16, f32 or q8_0"),
            },
            Threads = threads is null or > 0 ? threads : throw CliErrors.BadValue("--threads", threads.Value.ToString(CultureInfo.InvariantCulture), "a positive number"),
            GpuLayers = result.GetValue(_gpuLayers) switch
            {
                null => null,
                "auto" => -1,
                string n when int.TryParse(n, CultureInfo.InvariantCulture, out int layers) && layers >= 0 => layers,
                string other => throw CliErrors.BadValue("--gpu-layers", other, "a number or auto"),
            },
            Pre = result.GetValue(_pre),
            Backend = result.GetValue(_backend) ?? set.Get("backend"),
            Format = result.GetValue(GlobalOptions.Format),
            Exact = exact,
        };
    }

    private static int? Number(string? text) => text is null ? null : int.Parse(text, CultureInfo.InvariantCulture);

    /// <summary><c>6GiB</c>, <c>512MiB</c>, <c>2GB</c>, <c>1.5G</c> (binary) or bytes.</summary>
    internal static long ParseSize(string text) =>
        ByteSize.TryParse(text, out long bytes) ? bytes : throw CliErrors.BadValue("--memory", text, "a size such as 6GiB, 512MiB or a number of bytes");
}
