//! Topics that tell how to do something: commands with what they are for.

use super::Topic;

/// Terms and meanings as they are written.
macro_rules! entries {
    ($($term:literal => $meaning:literal,)*) => {
        || vec![$(($term.to_owned(), $meaning.to_owned())),*]
    };
}

pub(super) const JSON: Topic = Topic {
    name: "json",
    about: "Output for programs",
    section: "7",
    introduction:
        "With --json a command prints one JSON document on standard output, and all that is for people goes to
standard error. Names and values are those of the API wherever it has them.",
    entries: entries! {
        "--json" => "one document: an object, or a list",
        "--jsonl" => "where a list may be long: one item a line, as it arrives",
        "--jq EXPR" => "the document through a program: see `tc help jq`",
        "-o FILE" => "where there is such an option, into a file",
        "in a pipe" => "without --json lists are columns with tabs between them, without colour and without headings",
        "bulk actions" => "have one item for each task, with what became of it, also when some failed",
        "times" => "are UTC in ISO 8601, with milliseconds",
    },
};

pub(super) const CREDENTIALS: Topic = Topic {
    name: "credentials",
    about: "As whom tc calls, and where that is kept",
    section: "7",
    introduction:
        "Where no flag chooses another deployment, credentials come from the first of these that is there. The commands
below them show, make and forget credentials.",
    entries: entries! {
        "--no-credentials" => "none are sent at all",
        "TASKCLUSTER_CLIENT_ID, TASKCLUSTER_ACCESS_TOKEN" => "the credentials in the environment; temporary ones have a TASKCLUSTER_CERTIFICATE, too",
        "TASKCLUSTER_PROXY_URL" => "inside a task: the proxy of the worker signs",
        "tc signin" => "credentials for the deployment in use, made in the browser and kept in a file that only you can read",
        "tc signin --for group.rerun" => "credentials that can do no more than one command needs",
        "tc whoami" => "who you are now, where that comes from, until when, and with which scopes",
        "tc creds temp" => "temporary credentials from permanent ones, for another program",
        "tc creds env" => "the current ones as variables of a shell",
        "--authorized-scope SCOPE" => "lets the calls of one command use only these scopes",
        "tc signout" => "forgets what is kept",
    },
};

pub(super) const SCOPES: Topic = Topic {
    name: "scopes",
    about: "What you may do, and how to find out what is missing",
    section: "7",
    introduction:
        "A scope is a string that a call requires and that a client has. One that ends in a star stands for all
that start with what is before it. Roles are scopes under a name: `assume:ROLE` has all scopes of the role.",
    entries: entries! {
        "tc whoami" => "the scopes that you have",
        "tc scope required task.rerun" => "the scopes that a command needs",
        "tc scope required queue.createTask" => "the scopes that a method needs",
        "tc scope check task.rerun" => "whether you have them",
        "tc scope expand SCOPE" => "a scope with those of its roles added",
        "tc scope match" => "whether scopes satisfy others, without asking anyone",
        "tc role who SCOPE" => "the clients and roles that have a scope",
        "tc signin --for task.rerun" => "sign in with what a command needs",
        "exit status 4" => "a call was refused; the message names the scopes that are missing",
    },
};

pub(super) const SANDBOX: Topic = Topic {
    name: "sandbox",
    about: "A Taskcluster of your own, in memory",
    section: "7",
    introduction:
        "The sandbox serves the API on this machine. Nothing in it leaves the machine, and all that it holds is gone
when it stops. Use it to try commands, and to test programs that talk to Taskcluster.",
    entries: entries! {
        "tc sandbox demo" => "a tour on a made-up push of 300 tasks",
        "tc sandbox" => "serve until Ctrl-C; it prints how to point a shell at it",
        "tc sandbox --exec CMD" => "serve while a program runs, which finds the sandbox in its environment",
        "tc sandbox --seed firefox:300" => "start with a made-up push",
        "tc sandbox --workers 4 --speed 60" => "with simulated workers, sixty times faster than real ones",
        "tc sandbox --workers 1 --execute" => "with a worker that really runs the tasks, on this machine and as you",
        "tc sandbox --auto-approve" => "`tc signin` needs no click",
        "tc sandbox --export FILE" => "keep what it holds at the end; --seed FILE takes it back",
    },
};

pub(super) const SCRIPTING: Topic = Topic {
    name: "scripting",
    about: "tc in scripts and in CI",
    section: "7",
    introduction:
        "Results are on standard output, everything else is on standard error, and the exit status says how it
ended. Nothing is asked where standard input is no terminal: actions that ask need --yes.",
    entries: entries! {
        "tc task status ID --jq .status.state" => "one value for a variable",
        "tc group list ID --jq '.[].task.metadata.name'" => "one value of each task, one a line",
        "tc group list ID --columns task,state" => "chosen fields, with tabs between them; --sort and --limit choose lines",
        "tc group list ID --failed --ids" => "IDs alone, one a line; -o name is the same for other lists",
        "tc task rerun - --yes" => "`-` reads IDs from standard input",
        "tc group rerun ID --dry-run" => "says what would be done, and does nothing",
        "tc task wait ID --timeout 1h" => "ends with 0 when it completed, 3 when it did not, 8 when it is still pending",
        "tc task create FILE --json" => "prints what was created, as JSON",
        "tc creds temp --for task.rerun --exec CMD" => "runs a program that can do only that",
        "tc secret load NAME --exec CMD" => "runs a program with a secret in its environment",
        "-q" => "no words but warnings and errors",
        "tc help exit-codes" => "all statuses: 7 is a failure that may pass, 4 is not",
    },
};

pub(super) const RELEASE_DUTY: Topic = Topic {
    name: "release-duty",
    about: "A push that has to become green",
    section: "7",
    introduction: "GROUP is the ID of a task group or the address of its page.",
    entries: entries! {
        "tc group status GROUP" => "how many tasks there are of each state",
        "tc group watch GROUP --until-failure" => "watch until something fails",
        "tc group list GROUP --failed --exception" => "what went wrong",
        "tc group failures GROUP" => "why, by what the failures have in common",
        "tc task errors TASK" => "why a single task failed",
        "tc group why GROUP" => "what holds the group up",
        "tc group rerun GROUP --dry-run" => "which tasks would run again",
        "tc group rerun GROUP --yes" => "run them again",
        "tc action list GROUP" => "what the decision task offers: promotions, retriggers, backfills",
        "tc worker pools PREFIX --pending" => "whether tasks wait for machines",
        "tc worker errors POOL" => "why machines do not come",
        "tc worker quarantine --reason WHY WORKER" => "keep a bad machine from getting tasks",
        "tc group cancel GROUP --seal" => "stop it all, and let nobody add to it",
        "tc group artifacts GROUP --artifact PATTERN" => "fetch what it made",
    },
};

pub(super) const PULSE: Topic = Topic {
    name: "pulse",
    about: "Hearing what the services tell of",
    section: "7",
    introduction: "Services publish a message on an exchange for all that happens; a queue gets those whose routing key
matches a pattern. To listen, a user of the Pulse broker is needed: PULSE_USERNAME and PULSE_PASSWORD.",
    entries: entries! {
        "tc pulse exchanges" => "which exchanges there are, with the words of their routing keys",
        "tc pulse show queue.taskFailed" => "what a message of an exchange looks like",
        "tc pulse key queue taskFailed --task-group-id ID" => "exchange and pattern for a program of your own",
        "tc pulse listen queue.taskFailed" => "messages as they come, one JSON document a line",
        "tc pulse listen --route ROUTE" => "messages of tasks that have a route",
        "tc pulse listen --durable --queue NAME" => "lose none while nobody listens",
        "tc pulse listen --exec CMD" => "run a program for each message",
        "tc task wait --events TASK" => "wait by messages in place of asking again and again",
    },
};
