using System.CommandLine;
using System.Globalization;

namespace LlmToolkit.Cli;

/// <summary>Options of the commands that generate text.</summary>
internal sealed class SamplingOptions
{
    private readonly Option<int?> _maxTokens = new("--max-tokens", "-n") { Description = "Most tokens to generate. Default: 512.", HelpName = "N" };
    private readonly Option<float?> _temperature = new("--temperature", "-t") { Description = "0 takes the likeliest token. Default: the model's own, else 0.8.", HelpName = "T" };
    private readonly Option<int?> _topK = new("--top-k") { Description = "Only the k likeliest tokens; 0: all. Default: the model's own, else 40.", HelpName = "K" };
    private readonly Option<float?> _topP = new("--top-p") { Description = "Only the likeliest tokens up to this probability. Default: the model's own, else 0.95.", HelpName = "P" };
    private readonly Option<float?> _minP = new("--min-p") { Description = "Only tokens at least this fraction as likely as the likeliest. Default: the model's own, else 0.05.", HelpName = "P" };
    private readonly Option<float?> _typical = new("--typical-p") { Description = "Locally typical sampling; 1: off.", HelpName = "P" };
    private readonly Option<float?> _repetition = new("--repetition-penalty") { Description = "Over 1 makes repeated tokens less likely.", HelpName = "R" };
    private readonly Option<float?> _frequency = new("--frequency-penalty") { Description = "Subtracted for each occurrence, -2 to 2.", HelpName = "F" };
    private readonly Option<float?> _presence = new("--presence-penalty") { Description = "Subtracted once for tokens that occurred, -2 to 2.", HelpName = "F" };
    private readonly Option<long?> _seed = new("--seed") { Description = "The same seed gives the same text.", HelpName = "N" };
    private readonly Option<string[]> _stop = new("--stop") { Description = "End the answer before this text; repeatable.", HelpName = "TEXT" };
    private readonly Option<string[]> _bias = new("--logit-bias") { Description = "Add to a token's logit, ID=VALUE; repeatable.", HelpName = "ID=VALUE" };
    private readonly Option<bool> _ignoreEnd = new("--ignore-eos") { Description = "Go on past the model's end tokens." };
    private readonly Option<bool> _dropOldest = new("--drop-oldest") { Description = "When the context is full, forget the oldest tokens instead of stopping." };

    public SamplingOptions(Command command)
    {
        foreach (Option option in (IEnumerable<Option>)[_maxTokens, _temperature, _topK, _topP, _minP, _typical, _repetition, _frequency, _presence, _seed, _stop, _bias, _ignoreEnd, _dropOldest])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The options as the library takes them.</summary>
    public GenerateOptions Read(ParseResult result)
    {
        try
        {
            return new GenerateOptions
            {
                MaxTokens = result.GetValue(_maxTokens),
                Temperature = result.GetValue(_temperature),
                TopK = result.GetValue(_topK),
                TopP = result.GetValue(_topP),
                MinP = result.GetValue(_minP),
                TypicalP = result.GetValue(_typical),
                RepetitionPenalty = result.GetValue(_repetition),
                FrequencyPenalty = result.GetValue(_frequency),
                PresencePenalty = result.GetValue(_presence),
                Seed = result.GetValue(_seed),
                Stop = result.GetValue(_stop) is { Length: > 0 } stops ? stops : null,
                LogitBias = result.GetValue(_bias) is { Length: > 0 } bias ? bias.Select(ParseBias).ToDictionary() : null,
                IgnoreEndTokens = result.GetValue(_ignoreEnd) ? true : null,
                Overflow = result.GetValue(_dropOldest) ? ContextOverflow.DropOldest : null,
            };
        }
        catch (ArgumentOutOfRangeException e)
        {
            // The library's names are the options' names in another spelling: MaxTokens is --max-tokens.
            string option = "--" + string.Concat((e.ParamName ?? "").Select((c, i) => char.IsUpper(c) ? (i > 0 ? "-" : "") + char.ToLowerInvariant(c) : c.ToString()));
            throw CliErrors.BadValue(option, FormattableString.Invariant($"{e.ActualValue}"), e.Message.Split(" (Parameter")[0].Split(" must ")[^1].TrimEnd('.').Replace("be at", "at").Replace("lie between", "a number between"));
        }
    }

    private static KeyValuePair<int, float> ParseBias(string text)
    {
        string[] parts = text.Split('=');
        return parts.Length == 2 && int.TryParse(parts[0], CultureInfo.InvariantCulture, out int id) && float.TryParse(parts[1], CultureInfo.InvariantCulture, out float value)
            ? new(id, value)
            : throw CliErrors.BadValue("--logit-bias", text, "ID=VALUE");
    }
}
