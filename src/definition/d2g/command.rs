//! The one command: `docker run` with everything that the payload asks for.

use serde_json::Value;

use super::image::Image;

/// Longer lines are not read from an `env.list`.
const MAXIMUM_ENV_LINE_BYTES: usize = 65_536;

/// A member of a member, or null.
pub(super) fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(value, |value, name| value.get(*name).unwrap_or(&Value::Null))
}

/// Whether a switch is on.
pub(super) fn is_on(payload: &Value, path: &[&str]) -> bool {
    at(payload, path).as_bool().unwrap_or_default()
}

/// The arguments of `docker run` for `payload`. `volumes` are the directories in the task directory that are seen in
/// the container: (`cache0`, `/builds/worker/checkouts`).
pub(super) fn docker_run(payload: &Value, image: &Image, volumes: &[(String, String)], container: &str) -> Vec<String> {
    let mut arguments: Vec<String> = ["docker", "run", "-t", "--name", container].map(String::from).to_vec();
    let mut add = |texts: &[&str]| arguments.extend(texts.iter().map(ToString::to_string));
    add(&["--memory-swap", "-1", "--pids-limit", "-1", "--pull=never", "--log-driver=none"]);
    if is_on(payload, &["capabilities", "privileged"]) {
        add(&["--privileged"]);
    } else if is_on(payload, &["features", "allowPtrace"]) {
        add(&["--cap-add=SYS_PTRACE"]);
    }
    if is_on(payload, &["capabilities", "disableSeccomp"]) {
        add(&["--security-opt=seccomp=unconfined"]);
    }
    add(&["--add-host=localhost.localdomain:127.0.0.1"]);
    for (inside_task, inside_container) in volumes {
        add(&["-v", &format!("__TASK_DIR__/{inside_task}:{inside_container}")]);
    }
    let devices: [(&str, &[&str]); 4] = [
        ("kvm", &["--device=/dev/kvm"]),
        ("hostSharedMemory", &["-v", "/dev/shm:/dev/shm"]),
        ("loopbackVideo", &["--device=__TASKCLUSTER_VIDEO_DEVICE__"]),
        ("loopbackAudio", &["--device=/dev/snd"]),
    ];
    for (device, texts) in devices {
        if is_on(payload, &["capabilities", "devices", device]) {
            add(texts);
        }
    }
    if is_on(payload, &["features", "taskclusterProxy"]) {
        add(&["--network", "__TASKCLUSTER_DOCKER_NETWORK__", "--add-host=taskcluster:__TASKCLUSTER_PROXY_GATEWAY__"]);
    }
    for (name, value) in variables(payload).filter(|(name, value)| is_argument(name, value)) {
        add(&["-e", &format!("{name}={value}")]);
    }
    add(&["--env-file", "env.list", "--", &image.argument]);
    for argument in at(payload, &["command"]).as_array().into_iter().flatten() {
        add(&[argument.as_str().unwrap_or_default()]);
    }
    arguments
}

/// The environment, sorted by name.
fn variables(payload: &Value) -> impl Iterator<Item = (&str, &str)> {
    let mut variables: Vec<_> = at(payload, &["env"])
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
        .collect();
    variables.sort_unstable();
    variables.into_iter()
}

/// Whether a variable cannot stand in a file of lines.
fn is_argument(name: &str, value: &str) -> bool {
    value.contains('\n') || name.len() + 1 + value.len() > MAXIMUM_ENV_LINE_BYTES
}

/// The names of variables that are left to the worker's `env.list`.
pub(super) fn listed_variables(payload: &Value) -> Vec<String> {
    variables(payload).filter(|(name, value)| !is_argument(name, value)).map(|(name, _)| name.into()).collect()
}
