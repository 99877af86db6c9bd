namespace LlmToolkit.Engine.Architectures;

/// <summary>RoBERTa, XLM-RoBERTa, CamemBERT: BERT whose positions start behind the padding token. A GGUF calls them <c>bert</c>.</summary>
internal sealed class Roberta() : Bert([], ["roberta", "xlm-roberta", "camembert"])
{
    private protected override bool PositionsFollowPadding => true;
}
