namespace LlmToolkit.Formats.PyTorch.Zip;

/// <summary>A file in a zip, as the directory states it and the local header confirms it.</summary>
/// <param name="Name">Its path, with forward slashes.</param>
/// <param name="IsDeflated">True when compressed.</param>
/// <param name="Crc">CRC-32 of the content.</param>
/// <param name="Stored">Bytes in the file.</param>
/// <param name="Bytes">Bytes of the content.</param>
/// <param name="Offset">First byte of the data, from the start of the file.</param>
internal sealed record ZipEntry(string Name, bool IsDeflated, uint Crc, long Stored, long Bytes, long Offset);
