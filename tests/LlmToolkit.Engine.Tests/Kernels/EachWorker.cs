using LlmToolkit.Engine.Kernels;

namespace LlmToolkit.Engine.Tests.Kernels;

/// <summary>Work from a delegate.</summary>
internal sealed class EachWorker(Action<Worker> action) : IParallelWork
{
    public void Run(Worker worker) => action(worker);
}
