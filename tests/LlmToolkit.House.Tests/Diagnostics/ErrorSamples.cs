using System.Reflection;
using System.Reflection.Emit;

namespace LlmToolkit.House.Tests.Diagnostics;

/// <summary>
/// Arguments to call every error factory with, so that pages and catalogue show real messages.
/// error-samples.txt gives the words (<c>Class.Method.parameter: text</c>, <c>Class.parameter: text</c> or <c>parameter: text</c>); types give the rest.
/// </summary>
internal sealed class ErrorSamples
{
    private const string Words = "tests/LlmToolkit.House.Tests/Diagnostics/error-samples.txt";

    private readonly Dictionary<string, string> _words;

    public ErrorSamples()
    {
        _words = Source.Read(Words).Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => !l.StartsWith('#'))
            .Select(l => l.Split(": ", 2)).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
    }

    /// <summary>The arguments of one ordinary call, then calls that differ in one argument: they reach other causes and fixes.</summary>
    public IEnumerable<object?[]> Calls(MethodInfo method)
    {
        ParameterInfo[] parameters = method.GetParameters();
        object?[] ordinary = [.. parameters.Select(p => One(method, p))];
        yield return ordinary;
        for (int i = 0; i < parameters.Length; i++)
        {
            foreach (object? other in Others(parameters[i], ordinary[i]))
            {
                object?[] call = [.. ordinary];
                call[i] = other;
                yield return call;
            }
        }
    }

    /// <summary>Calls a factory; a span, which reflection cannot pass, goes in as its array.</summary>
    public static object? Call(MethodInfo method, object?[] arguments)
    {
        ParameterInfo[] parameters = method.GetParameters();
        if (parameters.All(p => p.ParameterType != typeof(ReadOnlySpan<byte>)))
        {
            return method.Invoke(null, arguments);
        }

        DynamicMethod call = new(method.Name, method.ReturnType, [typeof(object[])], method.DeclaringType!.Module, skipVisibility: true);
        ILGenerator il = call.GetILGenerator();
        for (int i = 0; i < parameters.Length; i++)
        {
            Type type = parameters[i].ParameterType;
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldc_I4, i);
            il.Emit(OpCodes.Ldelem_Ref);
            if (type == typeof(ReadOnlySpan<byte>))
            {
                il.Emit(OpCodes.Castclass, typeof(byte[]));
                il.Emit(OpCodes.Call, typeof(ReadOnlySpan<byte>).GetMethod("op_Implicit", [typeof(byte[])])!);
            }
            else
            {
                il.Emit(OpCodes.Unbox_Any, type);
            }
        }

        il.Emit(OpCodes.Call, method);
        il.Emit(OpCodes.Ret);
        return call.Invoke(null, [arguments]);
    }

    private object? One(MethodInfo method, ParameterInfo parameter)
    {
        string owner = method.DeclaringType!.Name;
        string? word = null;
        foreach (string key in (string[])[$"{owner}.{method.Name}.{parameter.Name}", $"{owner}.{parameter.Name}", parameter.Name!])
        {
            if (_words.TryGetValue(key, out word))
            {
                break;
            }
        }

        Type type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        if (word == "null")
        {
            return null;
        }

        if (type == typeof(string))
        {
            return word ?? parameter.Name;
        }

        if (type.IsEnum)
        {
            return word is null ? Enum.GetValues(type).GetValue(0) : Enum.Parse(type, word);
        }

        if (type.IsAssignableFrom(typeof(string[])) && type != typeof(object))
        {
            return (word ?? "first, second").Split(", ");
        }

        if (typeof(IConvertible).IsAssignableFrom(type))
        {
            // A word that is meant for a text of the same name is no number.
            string usual = type == typeof(bool) ? "true" : "7";
            bool fits = type == typeof(bool) ? bool.TryParse(word, out _) : type == typeof(char) || (double.TryParse(word, out double number) && number >= 0);
            return Convert.ChangeType(fits ? word! : usual, type, System.Globalization.CultureInfo.InvariantCulture);
        }

        return type == typeof(object) ? word ?? "fast"
            : type == typeof(UInt128) ? UInt128.Parse(word ?? "7", System.Globalization.CultureInfo.InvariantCulture)
            : type == typeof(Int128) ? Int128.Parse(word ?? "7", System.Globalization.CultureInfo.InvariantCulture)
            : type == typeof(Loading.PathAdvice) ? Loading.PathAdvice.None
            : type == typeof(ReadOnlySpan<byte>) ? "<!DOCTYP"u8.ToArray()
            : type == typeof(TimeSpan) ? TimeSpan.FromSeconds(30)
            : type == typeof(Uri) ? new Uri(word ?? "https://huggingface.co/owner/name/resolve/main/model.safetensors")
            : type.IsAssignableFrom(typeof(IOException)) && typeof(Exception).IsAssignableFrom(type) ? new IOException(word ?? "Input/output error")
            : type.IsAssignableFrom(typeof(Diagnosis.ErrorEntry[])) ? Array.Empty<Diagnosis.ErrorEntry>()
            : type == typeof(Configuration.Setting) ? Configuration.Setting.All.First(s => s.Name == "threads")
            : type == typeof(Hub.HubListing) ? new Hub.HubListing { Repository = new Hub.HubRepository("owner/name"), Revision = "main", Commit = new string('a', 40), Files = [new Hub.HubFile { Path = "README.md", Size = 1 }] }
            : type == typeof(TensorInfo) ? Tensor
            : type.IsAssignableFrom(typeof(TensorInfo[])) ? new[] { Tensor, Tensor }
            : type == typeof(DType) ? DTypes.F32
            : type == typeof(ModelInfo) ? new ModelInfo { Format = "gguf", FileBytes = 1 << 20, Name = "Tiny", Architecture = "llama" }
            : type == typeof(LoadPlan) ? new LoadPlan { Fits = [], Winner = null, Context = 2048, Options = new LoadOptions(), Hardware = new Memory.HardwareProbe().Probe([]) }
            : type == typeof(TensorShape) ? Tensor.Shape
            // Whatever else: what a factory that can be called with nothing says is better than no page.
            : type.IsValueType ? Activator.CreateInstance(type) : null;
    }

    private static IEnumerable<object?> Others(ParameterInfo parameter, object? ordinary)
    {
        Type type = parameter.ParameterType;
        if (new NullabilityInfoContext().Create(parameter).ReadState == NullabilityState.Nullable)
        {
            yield return null;
        }

        if (type == typeof(bool))
        {
            yield return !(bool)ordinary!;
        }
        else if (type == typeof(uint) || type == typeof(long) || type == typeof(int))
        {
            foreach (long value in (long[])[0, 4, 40_000, 2_000_000_000])
            {
                yield return Convert.ChangeType(value, type, System.Globalization.CultureInfo.InvariantCulture);
            }
        }
        else if (type.IsEnum)
        {
            foreach (object value in Enum.GetValues(type))
            {
                yield return value;
            }
        }
    }

    private static TensorInfo Tensor { get; } = new()
    {
        Name = "blk.3.attn_q.weight",
        DType = DTypes.F32,
        Shape = new TensorShape([64, 64]),
        File = new ArtifactFile("model.gguf", 1 << 20),
        Offset = 4096,
        Bytes = 16384,
    };
}
