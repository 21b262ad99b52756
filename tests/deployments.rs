//! What is named belongs to its deployment: pages of several in one command line.

use serde_json::json;

use crate::support::Tc;
use crate::support::fake_server::{Answer, FakeServer};

const ONE: &str = "VESwp9JaRo-XkFN_bemBhw";
const TWO: &str = "fN1SbArXTPSVFNUvaOlinQ";

/// Two deployments, and a user who is signed in to both, with nothing in the environment.
struct Both {
    one: FakeServer,
    two: FakeServer,
    tc: Tc,
}

impl Both {
    fn new() -> Self {
        let (one, two, tc) = (FakeServer::start(), FakeServer::start(), Tc::new());
        for (server, client) in [(&one, "client/one"), (&two, "client/two")] {
            tc.store().put(server.url(), client, "hunter2", None);
        }
        Self { one, two, tc }
    }

    fn page(server: &FakeServer, id: &str) -> String {
        format!("{}/tasks/{id}", server.url())
    }

    /// Each deployment has heard from its own client alone.
    fn assert_signed(&self) {
        for (server, client) in [(&self.one, "client/one"), (&self.two, "client/two")] {
            assert!(!server.requests().is_empty());
            for request in server.requests() {
                let header = request.header("authorization").unwrap_or_default();
                assert!(header.contains(&format!("id=\"{client}\"")), "{}: {header}", request.target);
            }
            assert_eq!(server.connections(), 1);
        }
    }
}

fn status(id: &str, state: &str) -> Answer {
    let body = json!({"status": {"taskId": id, "state": state, "taskGroupId": id, "taskQueueId": "p/w",
        "retriesLeft": 5, "deadline": "2026-11-22T14:00:00.000Z", "runs": []}});
    Answer::json(200, body.to_string())
}

#[test]
fn pages_of_two_deployments_are_asked_for_each_with_its_own_credentials() {
    let both = Both::new();
    both.one.expect(&format!("GET /api/queue/v1/task/{ONE}/status"), status(ONE, "pending"));
    both.two.expect(&format!("GET /api/queue/v1/task/{TWO}/status"), status(TWO, "unscheduled"));
    let pages = [Both::page(&both.one, ONE), Both::page(&both.two, TWO)];
    let ran = both.tc.run(&["task", "status", &pages[0], &pages[1]]);
    ran.stdout(&format!("{ONE} pending\n{TWO} unscheduled\n")).stderr("").status(0);
    both.assert_signed();
}

#[test]
fn a_bulk_action_on_pages_of_two_deployments_acts_on_each_where_it_is() {
    let both = Both::new();
    both.one.expect(&format!("POST /api/queue/v1/task/{ONE}/cancel"), status(ONE, "exception"));
    both.two.expect(&format!("POST /api/queue/v1/task/{ONE}/cancel"), status(ONE, "exception"));
    // The same ID on two deployments is two tasks.
    let pages = [Both::page(&both.one, ONE), Both::page(&both.two, ONE)];
    let ran = both.tc.run(&["task", "cancel", "--yes", "--jobs", "1", &pages[0], &pages[1], &pages[1]]);
    ran.stderr("").status(0);
    assert_eq!(ran.stdout.lines().count(), 2, "{ran}");
    both.assert_signed();
}

#[test]
fn a_page_is_that_of_its_deployment_whatever_the_settings_say() {
    let both = Both::new();
    both.two.expect(&format!("GET /api/queue/v1/task/{TWO}/status"), status(TWO, "pending"));
    let root = both.one.url().to_owned();
    let tc = both.tc.settings(&format!("root-url = \"{root}\"\n"));
    let page = Both::page(&both.two, TWO);
    tc.run(&["task", "status", &page]).stdout("pending\n").stderr("").status(0);
    assert!(both.one.requests().is_empty());
    let ran = tc.run(&["-R", &root, "task", "status", &page]);
    ran.stdout("").status(2).stderr(&format!(
        "error: the page is one of {two}, but the deployment in use is {root}\n\
         hint: To use the page's deployment: -R {two}\n",
        two = both.two.url()
    ));
}
