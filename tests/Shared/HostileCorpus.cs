using System.Diagnostics;

namespace LlmToolkit.Tests;

/// <summary>The shared set's hostile, broken and sound files.</summary>
internal static class HostileCorpus
{
    /// <summary>Writes them and their <c>expected.json</c> into a folder; skips the test, visibly, where the generator or Python is absent.</summary>
    public static void Make(string folder)
    {
        string generator = SharedData.Require("corpus", "make_bad_models.py");
        using Process? process = Start(generator, folder);
        Assert.SkipWhen(process is null, "There is no python3 to make the hostile files with.");
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static Process? Start(string generator, string folder)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("python3", [generator, folder]) { RedirectStandardOutput = true });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
