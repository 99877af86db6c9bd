using BenchmarkDotNet.Running;

// dotnet run -c Release --project benchmarks/LlmToolkit.Benchmarks -- --filter '*RowDot*'
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
