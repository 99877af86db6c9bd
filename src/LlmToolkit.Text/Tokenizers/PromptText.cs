using System.Text;

namespace LlmToolkit.Text;

/// <summary>Joins a prompt's segments to one text: merges of the model may cross their borders, as they do when a template is rendered to one string.</summary>
internal static class PromptText
{
    public static (string Text, MatchRule Rule) Join(IReadOnlyList<PromptSegment> segments)
    {
        if (segments.All(s => s.AllowControl))
        {
            return (segments.Count == 1 ? segments[0].Text : string.Concat(segments.Select(s => s.Text)), MatchRule.All);
        }

        StringBuilder text = new();
        List<ControlRegion> regions = [];
        int codePoints = 0;
        foreach (PromptSegment segment in segments)
        {
            int start = text.Length;
            int codePointStart = codePoints;
            text.Append(segment.Text);
            codePoints += segment.Text.EnumerateRunes().Count();
            if (!segment.AllowControl || segment.Text.Length == 0)
            {
                continue;
            }

            // Neighbours are one region: a template may write a control token in two steps.
            if (regions.Count > 0 && regions[^1].End == start)
            {
                regions[^1] = regions[^1] with { End = text.Length, CodePointEnd = codePoints };
            }
            else
            {
                regions.Add(new ControlRegion(start, text.Length, codePointStart, codePoints));
            }
        }

        return (text.ToString(), new MatchRule(false, regions));
    }
}
