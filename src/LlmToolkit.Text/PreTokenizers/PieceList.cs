namespace LlmToolkit.Text;

/// <summary>A piece of an <see cref="AlignedText"/>, in UTF-16 units, or an added token that was found in it.</summary>
/// <param name="Start">Where the piece begins.</param>
/// <param name="Length">How long it is.</param>
/// <param name="Token">Id of the added token, or -1 for text that the model has to encode.</param>
internal readonly record struct Piece(int Start, int Length, int Token = -1);

/// <summary>The pieces of a text, in order; what is in none was removed.</summary>
internal sealed class PieceList
{
    private List<Piece> _pieces = [];
    private List<Piece> _next = [];

    public int Count => _pieces.Count;

    public Piece this[int index] => _pieces[index];

    /// <summary>Starts over.</summary>
    public void Clear() => _pieces.Clear();

    /// <summary>Adds a piece, unless it is empty text.</summary>
    public void Add(Piece piece)
    {
        if (piece.Length > 0 || piece.Token >= 0)
        {
            _pieces.Add(piece);
        }
    }

    /// <summary>Adds a piece to the list that <see cref="Commit"/> makes current.</summary>
    public void Emit(int start, int length, int token = -1)
    {
        if (length > 0 || token >= 0)
        {
            _next.Add(new Piece(start, length, token));
        }
    }

    /// <summary>Makes the emitted pieces the current ones.</summary>
    public void Commit()
    {
        (_pieces, _next) = (_next, _pieces);
        _next.Clear();
    }
}
