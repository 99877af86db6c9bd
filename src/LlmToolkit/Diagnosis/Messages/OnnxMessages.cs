using static LlmToolkit.Diagnosis.NativeErrors;

namespace LlmToolkit.Diagnosis.Messages;

/// <summary>Messages of ONNX Runtime and of ONNX's checker.</summary>
internal static class OnnxMessages
{
    public static IReadOnlyList<KnownMessage> All { get; } =
    [
        new("[ErrorCode:InvalidProtobuf]", OnnxParse),
        new("INVALID_PROTOBUF", OnnxParse),
        new("Protobuf parsing failed", OnnxParse),
        new("exceeds maximum protobuf size of 2GB", OnnxParse),
        new("External data path does not exist", OnnxExternalData),
        new("External initializer * file not found", OnnxExternalData),
        new("GetFileLength for *.onnx_data failed", OnnxExternalData),
        new("open file *.onnx_data* fail", OnnxExternalData),
        new("Unsupported model IR version:", OnnxVersion),
        new("is under development and support for this is limited", OnnxVersion),
        new("only *guarantees* support for models stamped with official released onnx opset versions", OnnxVersion),
        new("Failed to allocate memory for requested buffer of size", DeviceMemoryErrors.Gpu),
        new("Load model from * failed:File doesn't exist", "LT1540"),
        new("Unable to load DLL 'onnxruntime", LibraryMissing),
        new("Unable to load shared library 'onnxruntime", LibraryMissing),
    ];
}
