namespace LlmToolkit.Diagnosis.Messages;

/// <summary>Messages of transformers, peft, tokenizers and Jinja.</summary>
internal static class TransformersMessages
{
    public static IReadOnlyList<KnownMessage> All { get; } =
    [
        new("does not appear to have a file named config.json", "LT1302"),
        new("does not appear to have a file named pytorch_model.bin", "LT1300"),
        new("does not appear to have a file named model.safetensors", "LT1300"),
        new("Error no file named * found in directory", "LT1300"),
        new("Can't find 'adapter_config.json'", "LT1302", "The folder holds an adapter or another kind of model: adapter_config.json is missing."),
        new("Can't load tokenizer for", "LT3001"),
        new("Couldn't instantiate the backend tokenizer", "LT3001"),
        new("Unable to load vocabulary from file", "LT3001"),
        new("but Transformers does not recognize this architecture", "LT4010", "The model is newer than the library, or it comes with its own code."),
        new("Should have a `model_type` key in its config.json", "LT4010", "config.json does not name the architecture: the folder may hold an adapter or another kind of model."),
        new("Unrecognized model in", "LT4010"),
        new("Unrecognized configuration class", "LT4010"),
        new("Unknown quantization type, got", "LT4026", "The library does not know the method that the checkpoint is quantized with.", Certainty.Certain),
        new("requires you to execute the configuration file in that repo", "LT1307"),
        new("contains custom code which must be executed to correctly load the model", "LT1307"),
        new("Please pass the argument `trust_remote_code=True`", "LT1307"),
        new("System role not supported", "LT3102", "The model's template knows no system message.", Certainty.Certain),
        new("Conversation roles must alternate user/assistant", "LT3102", "The model's template wants user and assistant by turns.", Certainty.Certain),
        new("tokenizer.chat_template is not set", "LT3204", certainty: Certainty.Certain),
        new("does not have a chat template", "LT3204", certainty: Certainty.Certain),
        new("Unknown * filter: rejectattr", "LT3100"),
        new("tried to use + operator on unsupported types undefined", "LT3105"),
        new("It looks like the config file at * is not a valid JSON file", "LT1521", certainty: Certainty.Certain),
        new("is longer than the specified maximum sequence length for this model", "LT3205"),
    ];
}
