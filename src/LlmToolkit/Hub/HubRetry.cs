using Polly;
using Polly.Retry;

namespace LlmToolkit.Hub;

/// <summary>One piece of work that is tried until it is done; it tells how far it came, so that a long download may break often.</summary>
public sealed class HubAttempt
{
    /// <summary>So much of new data makes a new beginning: who gets ahead is not stuck.</summary>
    internal const long FreshStart = 1 << 20;

    private readonly IProgress<HubProgress>? _progress;
    private long _gained;

    internal HubAttempt(IProgress<HubProgress>? progress) => _progress = progress;

    /// <summary>Failures in a row without progress.</summary>
    internal int Failures { get; private set; }

    /// <summary>Tells that bytes came which were not there before. Those that had to be fetched again do not count. Any thread may call it.</summary>
    public void Gained(long bytes) => Interlocked.Add(ref _gained, bytes);

    internal void Failed() => Failures = Interlocked.Exchange(ref _gained, 0) >= FreshStart ? 1 : Failures + 1;

    internal void Report(TimeSpan wait, Exception exception) => _progress?.Report(new HubProgress
    {
        State = HubProgressState.Waiting,
        Note = FormattableString.Invariant($"waiting {Math.Ceiling(wait.TotalSeconds):0} s: {Reason(exception)}"),
    });

    private static string Reason(Exception exception) => exception switch
    {
        ModelException { InnerException: HubStatusException { Status: System.Net.HttpStatusCode.TooManyRequests } } => "rate limit",
        ModelException model => model.Diagnostic.Message,
        _ => exception.Message,
    };
}

/// <summary>The one policy of retries: what may be transient is tried again five times, later and later; progress begins anew.</summary>
internal sealed class HubRetry
{
    private static readonly ResiliencePropertyKey<HubAttempt> s_key = new("llmtk.hub.attempt");

    /// <summary>Set inside a step: a request within it is tried once, or five retries of five would be twenty-five.</summary>
    private static readonly AsyncLocal<bool> s_inside = new();

    private readonly ResiliencePipeline _pipeline;
    private readonly Func<double> _random;
    private readonly TimeSpan[] _waits;

    /// <param name="time">The clock that waits.</param>
    /// <param name="random">Numbers of [0, 1), so that many who failed together do not come back together.</param>
    /// <param name="waits">One a retry. Null: 1, 2, 4, 8, 8 s.</param>
    public HubRetry(TimeProvider time, Func<double> random, TimeSpan[]? waits = null)
    {
        _random = random;
        _waits = waits ?? [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(8)];
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(new RetryStrategyOptions
        {
            // The strategy would count every failure; here only those without progress count, so it is asked each time.
            MaxRetryAttempts = int.MaxValue,
            ShouldHandle = arguments => ValueTask.FromResult(MayTryAgain(arguments.Context, arguments.Outcome.Exception)),
            DelayGenerator = arguments => ValueTask.FromResult<TimeSpan?>(Wait(Attempt(arguments.Context), arguments.Outcome.Exception!)),
            OnRetry = arguments =>
            {
                Attempt(arguments.Context).Report(arguments.RetryDelay, arguments.Outcome.Exception!);
                return ValueTask.CompletedTask;
            },
        }).Build();
    }

    /// <summary>Tries once.</summary>
    public static HubRetry None { get; } = new(TimeProvider.System, () => 0, []);

    /// <summary>Runs a step until it is done or cannot be.</summary>
    public async Task<T> RunAsync<T>(Func<HubAttempt, CancellationToken, Task<T>> step, IProgress<HubProgress>? progress, CancellationToken cancellationToken)
    {
        HubAttempt attempt = new(progress);
        if (s_inside.Value)
        {
            return await step(attempt, cancellationToken).ConfigureAwait(false);
        }

        s_inside.Value = true;
        ResilienceContext context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false, cancellationToken);
        try
        {
            context.Properties.Set(s_key, attempt);
            return await _pipeline.ExecuteAsync(
                static async (c, work) => await work.step(work.attempt, c.CancellationToken).ConfigureAwait(false), context, (step, attempt)).ConfigureAwait(false);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private static HubAttempt Attempt(ResilienceContext context) => context.Properties.GetValue(s_key, null!);

    private bool MayTryAgain(ResilienceContext context, Exception? exception)
    {
        if (exception is null || !HubFaults.IsTransient(exception))
        {
            return false;
        }

        HubAttempt attempt = Attempt(context);
        attempt.Failed();
        return attempt.Failures <= _waits.Length;
    }

    private TimeSpan Wait(HubAttempt attempt, Exception exception)
    {
        TimeSpan backOff = _waits[Math.Min(attempt.Failures, _waits.Length) - 1];
        // Up to a quarter more or less. What the server asks for is the least: only more is added.
        double spread = (_random() - 0.5) / 2;
        TimeSpan wait = exception is ModelException { InnerException: HubStatusException { Wait: { Ticks: > 0 } asked } }
            ? asked + (backOff * ((spread + 0.25) / 2))
            : backOff * (1 + spread);
        return wait < HubRateLimit.Longest ? wait : HubRateLimit.Longest;
    }
}
