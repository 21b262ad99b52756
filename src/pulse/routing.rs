//! Names on the wire, and back to the names of the references. Pure.

use crate::reference::{Catalogue, Exchange, Service, Source};

/// What stands for a word that a message has not got.
const ABSENT: &str = "_";

/// The exchange's name on the wire: `exchange/taskcluster-queue/v1/task-completed`.
pub fn wire_name(service: &Service, exchange: &Exchange) -> String {
    let prefix = service.exchange_prefix.as_deref().unwrap_or_default();
    format!("{}/{}", prefix.trim_end_matches('/'), exchange.exchange.trim_start_matches('/'))
}

/// The words that a caller can give, in their order: those that are not always the same.
pub(super) fn words(exchange: &Exchange) -> Vec<String> {
    exchange.routing_key.iter().filter(|entry| entry.constant.is_none()).map(|entry| entry.name.clone()).collect()
}

/// The service and the exchange of a name on the wire; none when it is not Taskcluster's, or not known.
pub fn describe(wire: &str) -> Option<(&'static Service, &'static Exchange)> {
    [Source::Current, Source::Legacy].into_iter().find_map(|source| describe_in(wire, Catalogue::embedded(source)))
}

/// The same by a deployment's catalogue, and by the embedded ones where that does not know the name.
pub(crate) fn describe_by<'c>(wire: &str, catalogue: &'c Catalogue) -> Option<(&'c Service, &'c Exchange)> {
    describe_in(wire, catalogue).or_else(|| describe(wire))
}

fn describe_in<'c>(wire: &str, catalogue: &'c Catalogue) -> Option<(&'c Service, &'c Exchange)> {
    let wanted = squeeze(wire.strip_prefix("exchange/taskcluster-")?.split('/').next()?);
    let name = catalogue.service_names().find(|name| {
        let name = squeeze(name);
        name == wanted || name.strip_suffix("events") == Some(wanted.as_str())
    })?;
    let service = catalogue.service(name).ok()?;
    let exchange = service.exchanges.iter().find(|exchange| wire_name(service, exchange) == wire)?;
    Some((service, exchange))
}

/// The words of a routing key by name, without those that are absent or always the same.
///
/// Where one entry may be several words, it takes what the others leave.
pub fn names<'a>(exchange: &'a Exchange, routing_key: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut rest = routing_key;
    let mut found = Vec::new();
    let entries = &exchange.routing_key;
    for (index, entry) in entries.iter().enumerate() {
        let after = entries.len() - index - 1;
        let value = if entry.multiple_words {
            let dots: Vec<usize> = rest.match_indices('.').map(|(at, _)| at).collect();
            let end =
                if after == 0 { rest.len() } else { dots.iter().rev().nth(after - 1).copied().unwrap_or(rest.len()) };
            take(&mut rest, end)
        } else {
            let end = rest.find('.').unwrap_or(rest.len());
            take(&mut rest, end)
        };
        if entry.constant.is_none() && !value.is_empty() && value != ABSENT {
            found.push((entry.name.as_str(), value));
        }
    }
    found
}

/// Takes what is before `end`, and the dot that is there.
fn take<'a>(rest: &mut &'a str, end: usize) -> &'a str {
    let (value, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
    *rest = after.strip_prefix('.').unwrap_or(after);
    value
}

/// The same for every spelling: `taskId`, `task-id`, `task_id`.
pub(super) fn squeeze(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_exchange_is_found_by_its_name_on_the_wire() {
        for source in [Source::Current, Source::Legacy] {
            for service in Catalogue::embedded(source).services().unwrap() {
                for exchange in &service.exchanges {
                    let wire = wire_name(service, exchange);
                    let (_, found) = describe(&wire).unwrap_or_else(|| panic!("{wire}"));
                    assert_eq!(found.name, exchange.name, "{wire}");
                }
            }
        }
        for wire in ["", "exchange/taskcluster-queue/v1/nosuch", "exchange/treeherder/v1/x", "exchange/taskcluster-"] {
            assert!(describe(wire).is_none(), "{wire}");
        }
    }

    #[test]
    fn absent_and_constant_words_are_left_out() {
        let (_, exchange) = describe("exchange/taskcluster-queue/v1/task-pending").unwrap();
        let key = "primary.AuDMUE4nRMmKWd3roWgviw.0._._.rec.w.s.ckr3vb-jSTGgpjPC6H2vCA._";
        assert_eq!(
            names(exchange, key),
            [
                ("taskId", "AuDMUE4nRMmKWd3roWgviw"),
                ("runId", "0"),
                ("provisionerId", "rec"),
                ("workerType", "w"),
                ("schedulerId", "s"),
                ("taskGroupId", "ckr3vb-jSTGgpjPC6H2vCA")
            ]
        );
    }

    #[test]
    fn several_words_go_to_the_entry_that_may_have_them() {
        let (_, exchange) = describe("exchange/taskcluster-notify/v1/notification").unwrap();
        assert_eq!(names(exchange, "primary.rec.ckr3vb"), [("topic", "rec.ckr3vb")]);
        let mut exchange = exchange.clone();
        exchange.routing_key.push(exchange.routing_key[0].clone());
        exchange.routing_key[2].constant = None;
        assert_eq!(names(&exchange, "primary.a.b.c"), [("topic", "a.b"), ("routingKeyKind", "c")]);
    }

    proptest! {
        #[test]
        fn no_routing_key_is_too_much(key in "[a-z._*#é]{0,40}") {
            for source in [Source::Current, Source::Legacy] {
                for service in Catalogue::embedded(source).services().unwrap() {
                    for exchange in &service.exchanges {
                        prop_assert!(names(exchange, &key).iter().all(|(_, value)| key.contains(value)));
                    }
                }
            }
        }
    }
}
