//! Text broken at words for a narrow terminal. Pure.

/// The narrowest terminal that text is broken for; below it the terminal breaks lines by itself.
const MIN_COLUMNS: usize = 20;

/// `text` with lines of at most `width` columns, broken at spaces; the lines that follow are indented by `indent`.
///
/// Line ends that are there stay. A word that is longer than a line stays whole, so that addresses and commands can be
/// copied. Without a width, or with a very small one, the text comes back as it is.
pub(crate) fn wrap(text: &str, width: Option<usize>, indent: &str) -> String {
    let Some(width) = width.filter(|width| *width >= MIN_COLUMNS) else { return text.to_owned() };
    let options = textwrap::Options::new(width)
        .subsequent_indent(indent)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    let lines: Vec<String> = text.split('\n').map(|line| wrap_line(line, &options)).collect();
    lines.join("\n")
}

fn wrap_line(line: &str, options: &textwrap::Options<'_>) -> String {
    // A line that fits keeps its spaces, which may be a layout.
    if textwrap::core::display_width(line) <= options.width {
        return line.to_owned();
    }
    let own = line.get(..line.len() - line.trim_start().len()).unwrap_or_default();
    let indent = format!("{own}{}", options.subsequent_indent);
    let options = options.clone().initial_indent(own).subsequent_indent(&indent);
    textwrap::wrap(line.trim_start(), options).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_break_at_words_and_keep_their_indent() {
        let text = "error: one two three four five six\n  and more words of it here";
        assert_eq!(
            wrap(text, Some(20), "  "),
            "error: one two three\n  four five six\n  and more words of\n    it here"
        );
    }

    #[test]
    fn a_long_word_and_colours_stay_whole() {
        assert_eq!(wrap("see https://tc.example.com/tasks/x", Some(20), ""), "see\nhttps://tc.example.com/tasks/x");
        assert_eq!(
            wrap("\u{1b}[1mbold\u{1b}[0m text that is long", Some(20), ""),
            "\u{1b}[1mbold\u{1b}[0m text that is\nlong"
        );
    }

    #[test]
    fn without_a_width_nothing_changes() {
        let long = "word ".repeat(50);
        assert_eq!(wrap(&long, None, ""), long);
        assert_eq!(wrap(&long, Some(3), ""), long);
    }
}
