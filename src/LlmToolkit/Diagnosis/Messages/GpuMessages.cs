using static LlmToolkit.Diagnosis.NativeErrors;

namespace LlmToolkit.Diagnosis.Messages;

/// <summary>Messages of CUDA, ROCm, Vulkan and Metal, whoever passes them on.</summary>
internal static class GpuMessages
{
    public static IReadOnlyList<KnownMessage> All { get; } =
    [
        new("cudaMalloc failed: out of memory", DeviceMemoryErrors.Gpu),
        new("CUDA error: out of memory", DeviceMemoryErrors.Gpu),
        new("allocating * MiB on device", DeviceMemoryErrors.Gpu),
        new("CUBLAS_STATUS_ALLOC_FAILED", DeviceMemoryErrors.Gpu),
        new("hipErrorOutOfMemory", DeviceMemoryErrors.Gpu),
        new("kIOGPUCommandBufferCallbackErrorOutOfMemory", DeviceMemoryErrors.Gpu),
        new("Requested buffer size exceeds device buffer size limit", DeviceMemoryErrors.BufferLimit),
        new("ErrorOutOfDeviceMemory", DeviceMemoryErrors.BufferLimit),
        new("CUDA driver version is insufficient for CUDA runtime version", DriverTooOld),
        new("no kernel image is available for execution on the device", NoKernel),
        new("the provided PTX was compiled with an unsupported toolchain", NoKernel),
        new("hipErrorNoBinaryForGpu", NoKernel),
        new("invalid device function", NoKernel),
        new("no CUDA-capable device is detected", NoDevice),
        new("failed to initialize CUDA", NoDevice),
        new("libcuda.so.1: cannot open shared object file", NoDevice),
        new("Found no NVIDIA driver on your system", NoDevice),
        new("Torch not compiled with CUDA enabled", NoDevice),
        new("vk::DeviceLostError", DeviceLost),
        new("ErrorDeviceLost", DeviceLost),
        new("CUDA error: unspecified launch failure", DeviceLost),
    ];
}
