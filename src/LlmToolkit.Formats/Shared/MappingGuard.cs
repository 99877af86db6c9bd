using System.Runtime.InteropServices;

namespace LlmToolkit.Formats.Shared;

/// <summary>Keeps the process alive when a mapped file is cut while it is read: the bytes that are gone read as zero, and the mapping remembers it.</summary>
/// <remarks>
/// <para>Linux answers a read past the end of a cut file (or of a disk that fails) with SIGBUS, which .NET turns into the end of the process: managed code cannot run in its handler.
/// So the handler is 150 bytes of machine code, the assembly of which stands beside them. It does one thing: where the address lies in a mapping of ours, it maps zeros over the rest of that mapping,
/// notes the fact and returns; everything else goes to the handler that was there before.</para>
/// <para>For x64 Linux. Elsewhere, where the system forbids executable memory, or with the switch <c>LlmToolkit.GuardMappedFiles</c> set to false, there is no guard, and <see cref="MappedFile.ThrowIfChanged"/> alone watches.</para>
/// </remarks>
internal static unsafe partial class MappingGuard
{
    /// <summary>Mappings that can be guarded at once; further ones go unguarded.</summary>
    public const int Capacity = 4096;

    private const int SigBus = 7;
    private const int PageSize = 4096;
    private const int SigActionBytes = 152;
    private const int Read = 1, Write = 2, Execute = 4, Private = 2, Anonymous = 0x20;

    private static readonly Lock Gate = new();
    private static readonly Region* Regions = Install();

    /// <summary>True when mappings are guarded.</summary>
    public static bool IsActive => Regions is not null;

    /// <summary>How many mappings are guarded now.</summary>
    public static int Count
    {
        get
        {
            int count = 0;
            for (Region* region = Regions; Regions is not null && region < Regions + Capacity; region++)
            {
                count += region->End == 0 ? 0 : 1;
            }

            return count;
        }
    }

    /// <summary>Guards a mapping; null: it is not guarded.</summary>
    public static Region* Protect(byte* address, long length)
    {
        if (Regions is null)
        {
            return null;
        }

        lock (Gate)
        {
            for (Region* region = Regions; region < Regions + Capacity; region++)
            {
                if (region->End == 0)
                {
                    region->Lost = 0;
                    region->Start = (nint)address & -PageSize;
                    // The end last: until then the handler finds nothing in the region.
                    Volatile.Write(ref region->End, (nint)((long)address + length + PageSize - 1) & -PageSize);
                    return region;
                }
            }
        }

        return null;
    }

    /// <summary>Forgets a mapping, before it is unmapped.</summary>
    public static void Release(Region* region)
    {
        if (region is not null)
        {
            Volatile.Write(ref region->End, 0);
        }
    }

    /// <summary>Puts the handler into place; null where that cannot be done.</summary>
    private static Region* Install()
    {
        bool isWanted = !AppContext.TryGetSwitch("LlmToolkit.GuardMappedFiles", out bool guard) || guard;
        if (!isWanted || !OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64 || Environment.SystemPageSize != PageSize)
        {
            return null;
        }

        try
        {
            byte* action = stackalloc byte[SigActionBytes];
            byte* code = (byte*)Map(0, PageSize, Read | Write, Private | Anonymous, -1, 0);
            if (code == (byte*)-1 || SigAction(SigBus, null, action) != 0)
            {
                return null;
            }

            // As long as the process: a handler may run at any moment.
            Region* regions = (Region*)NativeMemory.AllocZeroed(Capacity, (nuint)sizeof(Region));
            Handler.CopyTo(new Span<byte>(code, PageSize));
            nint* data = (nint*)(code + Handler.Length);
            (data[0], data[1], data[2]) = ((nint)regions, (nint)(regions + Capacity), *(nint*)action);
            if (Protect(code, PageSize, Read | Execute) != 0)
            {
                return null;
            }

            // Signals blocked and flags (siginfo, the stack for signals) stay those of the handler before.
            *(nint*)action = (nint)code;
            *(int*)(action + 136) |= SigInfo;
            return SigAction(SigBus, action, null) == 0 ? regions : null;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    private const int SigInfo = 4;

    /// <summary>The handler; its data (first region, end of the regions, handler before, 32 zero bytes) follow it.</summary>
    private static ReadOnlySpan<byte> Handler =>
    [
        0x83, 0x7E, 0x08, 0x02,                                     //     cmp  dword [rsi+8], 2        si_code is BUS_ADRERR?
        0x75, 0x26,                                                 //     jne  pass
        0x48, 0x8B, 0x46, 0x10,                                     //     mov  rax, [rsi+16]           si_addr
        0x4C, 0x8B, 0x05, 0x87, 0x00, 0x00, 0x00,                   //     mov  r8, [first]
        0x4C, 0x8B, 0x0D, 0x88, 0x00, 0x00, 0x00,                   //     mov  r9, [last]
        0x49, 0x3B, 0x00,                                           // look: cmp rax, [r8]              Start
        0x72, 0x06,                                                 //     jb   next
        0x49, 0x3B, 0x40, 0x08,                                     //     cmp  rax, [r8+8]             End
        0x72, 0x18,                                                 //     jb   ours
        0x49, 0x83, 0xC0, 0x18,                                     // next: add r8, 24
        0x4D, 0x39, 0xC8,                                           //     cmp  r8, r9
        0x72, 0xEC,                                                 //     jb   look
        0x48, 0x8B, 0x05, 0x75, 0x00, 0x00, 0x00,                   // pass: mov rax, [before]
        0x48, 0x83, 0xF8, 0x01,                                     //     cmp  rax, 1                  SIG_DFL, SIG_IGN
        0x76, 0x42,                                                 //     jbe  end
        0xFF, 0xE0,                                                 //     jmp  rax
        0x48, 0x25, 0x00, 0xF0, 0xFF, 0xFF,                         // ours: and rax, -4096
        0x48, 0x89, 0xC7,                                           //     mov  rdi, rax
        0x49, 0x8B, 0x70, 0x08,                                     //     mov  rsi, [r8+8]
        0x48, 0x29, 0xC6,                                           //     sub  rsi, rax
        0xBA, 0x01, 0x00, 0x00, 0x00,                               //     mov  edx, PROT_READ
        0x41, 0xBA, 0x32, 0x40, 0x00, 0x00,                         //     mov  r10d, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_NORESERVE
        0x4C, 0x89, 0xC3,                                           //     mov  rbx, r8                 (the return from the signal restores every register)
        0x49, 0xC7, 0xC0, 0xFF, 0xFF, 0xFF, 0xFF,                   //     mov  r8, -1
        0x45, 0x31, 0xC9,                                           //     xor  r9d, r9d
        0xB8, 0x09, 0x00, 0x00, 0x00,                               //     mov  eax, mmap
        0x0F, 0x05,                                                 //     syscall
        0x48, 0x3D, 0x00, 0xF0, 0xFF, 0xFF,                         //     cmp  rax, -4096
        0x77, 0x09,                                                 //     ja   end
        0x48, 0xC7, 0x43, 0x10, 0x01, 0x00, 0x00, 0x00,             //     mov  qword [rbx+16], 1       Lost
        0xC3,                                                       //     ret
        0xB8, 0x0D, 0x00, 0x00, 0x00,                               // end: mov eax, rt_sigaction       nobody else to ask: the next attempt ends the process
        0xBF, 0x07, 0x00, 0x00, 0x00,                               //     mov  edi, SIGBUS
        0x48, 0x8D, 0x35, 0x24, 0x00, 0x00, 0x00,                   //     lea  rsi, [default]
        0x31, 0xD2,                                                 //     xor  edx, edx
        0x41, 0xBA, 0x08, 0x00, 0x00, 0x00,                         //     mov  r10d, 8
        0x0F, 0x05,                                                 //     syscall
        0xC3,                                                       //     ret
        0x90,                                                       //     nop
    ];

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(byte* address, nint length, int protection);

    [LibraryImport("libc", EntryPoint = "sigaction")]
    private static partial int SigAction(int signal, byte* action, byte* before);

    /// <summary>A guarded mapping, as the handler reads it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Region
    {
        /// <summary>First byte.</summary>
        public nint Start;

        /// <summary>Behind the last page; 0: the entry is free.</summary>
        public nint End;

        /// <summary>1 when bytes were read that the file no longer has.</summary>
        public nint Lost;
    }
}
