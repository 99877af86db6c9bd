namespace LlmToolkit.Hub.TokenStores;

/// <summary>A place that keeps one token for one endpoint. What cannot be used says no and throws nothing: the next place is asked.</summary>
internal interface ITokenStore
{
    /// <summary>Its name for people.</summary>
    string Name { get; }

    /// <summary>As it is told to callers.</summary>
    HubTokenPlace Place { get; }

    /// <summary>The token; null: none is there, or the place cannot be used.</summary>
    string? Read();

    /// <summary>Keeps the token and reads it back; false: the place cannot be used.</summary>
    bool Write(string token);

    /// <summary>Removes the token; true when there was one.</summary>
    bool Delete();
}
