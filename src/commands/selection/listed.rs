//! Which tasks of a group were listed before: the list of a group that grows or is sorted anew shifts between two pages.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::client::{CONTINUATION_TOKEN, Page};
use crate::domain::slugid;

/// The tasks that were listed so far, each in as little room as its ID allows.
#[derive(Default)]
pub(super) struct Listed {
    ids: HashSet<u128>,
    /// A page was looked at. Where the first one is the only one, nothing can be repeated.
    has_begun: bool,
}

impl Listed {
    /// Where the tasks of a page stand in its text, without those that were listed before.
    pub(super) fn fresh(&mut self, page: &Page<'_>, body: &[u8]) -> Vec<Range<usize>> {
        let is_only = !self.has_begun && !has_next(page);
        self.has_begun = true;
        let is_fresh = |item: &&&RawValue| is_only || task_number(item.get()).is_none_or(|id| self.ids.insert(id));
        let start = body.as_ptr().addr();
        let place = |item: &&RawValue| {
            let from = item.get().as_ptr().addr().saturating_sub(start);
            from..from + item.get().len()
        };
        page.items.iter().filter(is_fresh).map(place).collect()
    }
}

fn has_next(page: &Page<'_>) -> bool {
    let mut tokens = page.before.iter().chain(&page.after).filter(|(name, _)| name == CONTINUATION_TOKEN);
    tokens.any(|(_, token)| !matches!(token.get(), "null" | "\"\""))
}

/// The ID of a listed task as the number that it stands for; none where there is no ID.
///
/// The queue says it at the start of an item, and nothing behind it is read.
fn task_number(item: &str) -> Option<u128> {
    let mut id = None;
    // It ends with an error in the middle of the item, on purpose.
    drop(StatusOf(&mut id).deserialize(&mut serde_json::Deserializer::from_str(item)));
    slugid::decode(&id?).ok().map(|uuid| uuid.as_u128())
}

/// Reads an item as far as the ID of its task.
struct StatusOf<'s>(&'s mut Option<String>);

impl<'de> DeserializeSeed<'de> for StatusOf<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for StatusOf<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a task of a group")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<(), M::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Status {
            task_id: String,
        }
        while let Some(name) = members.next_key::<Cow<'_, str>>()? {
            if name == "status" {
                *self.0 = Some(members.next_value::<Status>()?.task_id);
                return Ok(());
            }
            members.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The tasks of a page that are not repeated, as text.
    fn fresh(listed: &mut Listed, body: &str) -> Vec<String> {
        let page = Page::parse(body.as_bytes(), Some("tasks")).unwrap();
        listed.fresh(&page, body.as_bytes()).into_iter().map(|place| body[place].to_owned()).collect()
    }

    fn item(number: usize) -> String {
        format!(r#"{{"status":{{"a":1,"taskId":"{number:08}QACAAAAAAAAAAA"}},"task":{{"x":[]}}}}"#)
    }

    fn page(numbers: &[usize], token: &str) -> String {
        let items: Vec<String> = numbers.iter().copied().map(item).collect();
        format!(r#"{{"tasks":[{}]{token}}}"#, items.join(","))
    }

    #[test]
    fn a_task_on_two_pages_is_left_out_of_the_second_one() {
        let more = r#","continuationToken":"x""#;
        let mut listed = Listed::default();
        let all = |numbers: &[usize]| numbers.iter().copied().map(item).collect::<Vec<_>>();
        assert_eq!(fresh(&mut listed, &page(&[1, 2, 3], more)), all(&[1, 2, 3]));
        assert_eq!(fresh(&mut listed, &page(&[3, 4, 2], more)), all(&[4]));
        assert_eq!(fresh(&mut listed, &page(&[5, 4], "")), all(&[5]));
    }

    #[test]
    fn what_has_no_id_is_kept() {
        let mut listed = Listed { has_begun: true, ..Listed::default() };
        let body = r#"{"tasks":[{"status":{"taskId":"x"}},{"status":{"taskId":"x"}},{"y":[1]},2]}"#;
        assert_eq!(fresh(&mut listed, body).len(), 4);
    }

    proptest! {
        #[test]
        fn what_is_left_of_a_page_is_its_items_in_order(ids in proptest::collection::vec(0_usize..9, 0..30), odd in "[a-z\\[{\"]{0,8}") {
            let mut listed = Listed { has_begun: true, ..Listed::default() };
            let left = fresh(&mut listed, &page(&ids, ""));
            let mut seen = HashSet::new();
            let expected: Vec<String> = ids.into_iter().filter(|id| seen.insert(*id)).map(item).collect();
            prop_assert_eq!(left, expected);
            prop_assert_eq!(task_number(&odd), None);
        }
    }

    #[test]
    fn a_list_of_one_page_takes_no_memory() {
        for token in ["", r#","continuationToken":null"#] {
            let mut listed = Listed::default();
            assert_eq!(fresh(&mut listed, &page(&[1, 1], token)).len(), 2);
            assert!(listed.ids.is_empty());
        }
    }
}
