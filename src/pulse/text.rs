//! Bindings as people write them: `queue.taskFailed?taskGroupId=fN1SbArXTPSVFNUvaOlinQ`. Pure.

use percent_encoding::percent_decode_str;

use super::binding::{BindingBuilder, BindingError, binding, find};
use crate::reference::{Catalogue, Exchange, Service, Source};

/// Reads `<service>.<exchange>[?<word>=<value>&..]`; values may be percent-encoded.
///
/// # Errors
/// When the text has another form. Whether there is such an exchange is seen when the binding is built.
pub fn parse_binding(text: &str, source: Source) -> Result<BindingBuilder, BindingError> {
    let invalid = || BindingError::Text { text: text.to_owned() };
    let (name, query) = text.split_once('?').unwrap_or((text, ""));
    let (service, exchange) = split(name).ok_or_else(invalid)?;
    let mut builder = binding(service, exchange);
    if source == Source::Legacy {
        builder = builder.legacy();
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (word, value) = pair.split_once('=').ok_or_else(invalid)?;
        let value = percent_decode_str(value).decode_utf8().map_err(|_| invalid())?;
        builder = builder.word(word, value);
    }
    Ok(builder)
}

/// Finds the exchange of `<service>.<exchange>` in a catalogue.
///
/// # Errors
/// When the text has another form, or there is no such exchange.
pub(crate) fn parse_name<'c>(
    text: &str,
    catalogue: &'c Catalogue,
) -> Result<(&'c Service, &'c Exchange), BindingError> {
    let (service, exchange) = split(text).ok_or_else(|| BindingError::Text { text: text.to_owned() })?;
    find(catalogue, service, exchange)
}

fn split(name: &str) -> Option<(&str, &str)> {
    name.split_once(['.', '/']).filter(|(service, exchange)| !service.is_empty() && !exchange.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str) -> Result<String, BindingError> {
        parse_binding(text, Source::Current)?.build().map(|binding| binding.pattern)
    }

    #[test]
    fn words_follow_the_name_as_in_a_url() {
        assert_eq!(pattern("queue.taskFailed?taskGroupId=g&runId=0").unwrap(), "primary.*.0.*.*.*.*.*.g.#");
        assert_eq!(pattern("github/push?organization=a%2Db").unwrap(), "primary.a-b.*");
        assert_eq!(pattern("queue.taskFailed?").unwrap(), "primary.*.*.*.*.*.*.*.*.#");
        assert_eq!(
            parse_binding("queue.taskPending", Source::Legacy).unwrap().build().unwrap().exchange,
            "exchange/taskcluster-queue/v1/task-pending"
        );
    }

    #[test]
    fn other_forms_are_refused() {
        for text in ["", "queue", ".taskFailed", "queue.", "queue.taskFailed?taskId", "queue.taskFailed?taskId=%FF"] {
            assert_eq!(pattern(text), Err(BindingError::Text { text: text.into() }), "{text}");
        }
        let catalogue = Catalogue::embedded(Source::Current);
        assert!(parse_name("queue.taskFailed", catalogue).is_ok());
        assert!(matches!(parse_name("queue", catalogue), Err(BindingError::Text { .. })));
    }

    proptest! {
        #[test]
        fn any_text_is_an_error_or_a_binding(text in "(queue|github|notify)?[.?/]?(taskFailed|push|notify)?[?]?[a-zA-Z=&%.0-9é]{0,30}") {
            if let Ok(built) = pattern(&text) {
                prop_assert!(built.len() <= 255);
            }
        }
    }
}
