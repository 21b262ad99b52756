//! What is named on the command line, and on standard input where `-` stands for it.

use crate::context::Context;
use crate::error::Result;

/// The words, with the lines of standard input in place of `-`.
///
/// # Errors
/// When standard input cannot be read.
pub(super) async fn lines(words: &[String], context: &Context) -> Result<Vec<String>> {
    given(words, context, |line| Some(line.trim()).filter(|line| !line.is_empty())).await
}

/// The words, with the first word of each line of standard input in place of `-`: lists of `tc` begin with a name.
///
/// # Errors
/// When standard input cannot be read.
pub(crate) async fn first_words(words: &[String], context: &Context) -> Result<Vec<String>> {
    given(words, context, |line| line.split_whitespace().next()).await
}

async fn given(words: &[String], context: &Context, read: fn(&str) -> Option<&str>) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for word in words {
        if word == "-" {
            let bytes = context.read_stdin().await?;
            let text = String::from_utf8_lossy(&bytes);
            all.extend(text.lines().filter_map(read).map(str::to_owned));
        } else {
            all.push(word.clone());
        }
    }
    Ok(all)
}
