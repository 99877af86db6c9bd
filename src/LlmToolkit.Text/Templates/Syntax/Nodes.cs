namespace LlmToolkit.Text.Templates;

/// <summary>An expression.</summary>
internal abstract record Expression;

internal sealed record Constant(Value Value) : Expression;

internal sealed record Variable(string Name) : Expression;

/// <summary><c>subject.name</c>: the attribute, then the item.</summary>
internal sealed record AttributeOf(Expression Subject, string Name) : Expression;

/// <summary><c>subject[key]</c>: the item, then the attribute.</summary>
internal sealed record ItemOf(Expression Subject, Expression Key) : Expression;

/// <summary><c>subject[from:to:step]</c>.</summary>
internal sealed record SliceOf(Expression Subject, Expression? From, Expression? To, Expression? Step) : Expression;

internal sealed record ListOf(Expression[] Items) : Expression;

internal sealed record TupleOf(Expression[] Items) : Expression;

internal sealed record DictOf((Expression Key, Expression Value)[] Items) : Expression;

internal sealed record Call(Expression Subject, CallArguments Arguments) : Expression;

/// <summary>A filter; the subject is null at the head of a filter block's chain, where it is the block's text.</summary>
internal sealed record Filtered(Expression? Subject, string Name, CallArguments Arguments) : Expression;

internal sealed record Tested(Expression Subject, string Name, CallArguments Arguments) : Expression;

internal sealed record Not(Expression Operand) : Expression;

/// <summary>A sign before an expression.</summary>
internal sealed record Signed(Expression Operand, bool Negative) : Expression;

internal sealed record Binary(string Operator, Expression Left, Expression Right) : Expression;

/// <summary><c>and</c> or <c>or</c>: gives the operand that decides.</summary>
internal sealed record Logical(bool IsAnd, Expression Left, Expression Right) : Expression;

/// <summary><c>a ~ b ~ c</c>.</summary>
internal sealed record Concatenation(Expression[] Parts) : Expression;

/// <summary><c>a &lt; b &lt; c</c>: each operand is evaluated once.</summary>
internal sealed record Comparison(Expression First, (string Operator, Expression Operand)[] Rest) : Expression;

internal sealed record Conditional(Expression Test, Expression Then, Expression? Else) : Expression;

/// <summary>What stands between the parentheses of a call.</summary>
internal sealed record CallArguments(Expression[] Positional, (string Name, Expression Value)[] Named, Expression? Star, Expression? DoubleStar)
{
    public static CallArguments None { get; } = new([], [], null, null);
}

/// <summary>A statement, and the line it begins on.</summary>
internal abstract record Statement(int Line);

internal sealed record Data(StringValue Text, int Line) : Statement(Line);

internal sealed record Print(Expression Value, int Line) : Statement(Line);

internal sealed record For(Expression Target, Expression Iterable, Expression? Filter, bool Recursive, Statement[] Body, Statement[] Else, int Line) : Statement(Line);

internal sealed record If((Expression Test, Statement[] Body)[] Branches, Statement[] Else, int Line) : Statement(Line);

internal sealed record Set(Expression Target, Expression Value, int Line) : Statement(Line);

internal sealed record SetBlock(Expression Target, Filtered? Filter, Statement[] Body, int Line) : Statement(Line);

internal sealed record MacroDefinition(Macro Macro, int Line) : Statement(Line);

internal sealed record CallBlock(Call Call, Macro Caller, int Line) : Statement(Line);

internal sealed record FilterBlock(Filtered Filter, Statement[] Body, int Line) : Statement(Line);

/// <summary>A body with a scope of its own: <c>with</c>, <c>generation</c>, <c>block</c>.</summary>
internal sealed record Scoped((Expression Target, Expression Value)[] Bindings, Statement[] Body, int Line) : Statement(Line);

/// <summary><c>break</c> or <c>continue</c>.</summary>
internal sealed record Leave(bool Loop, int Line) : Statement(Line);

/// <summary>A macro's text. The three truths say whether its body names what it would otherwise refuse to take.</summary>
internal sealed record Macro(string Name, string[] Parameters, Expression?[] Defaults, Statement[] Body, bool TakesVarargs, bool TakesKwargs, bool TakesCaller);

/// <summary>The target of <c>set ns.name = …</c>.</summary>
internal sealed record NamespaceTarget(string Namespace, string Name) : Expression;
