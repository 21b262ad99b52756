use std::fs;

use super::*;
use crate::client::Credentials;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

fn root(name: &str) -> RootUrl {
    RootUrl::parse(&format!("https://{name}.example.com")).unwrap()
}

fn permanent(client_id: &str) -> Stored {
    Stored::new(Credentials::new(client_id, "key"))
}

fn ending(minutes: i64) -> Stored {
    permanent("me").with_life(now(), now() + chrono::TimeDelta::minutes(minutes))
}

struct Place {
    directory: tempfile::TempDir,
    store: Store,
}

fn place() -> Place {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::at(directory.path().join("tc/credentials.json"));
    Place { directory, store }
}

impl Place {
    fn path(&self) -> &Path {
        self.store.path().unwrap()
    }
}

#[test]
fn credentials_are_kept_per_deployment() {
    let place = place();
    assert_eq!(place.store.get(&root("a"), now()).unwrap(), None);
    place.store.put(&root("a"), &permanent("one"), now()).unwrap();
    place.store.put(&root("b"), &permanent("two"), now()).unwrap();
    place.store.put(&root("a"), &permanent("three"), now()).unwrap();
    assert_eq!(place.store.get(&root("a"), now()).unwrap(), Some(permanent("three")));
    assert_eq!(place.store.get(&root("b"), now()).unwrap(), Some(permanent("two")));
    assert!(place.store.remove(&root("a")).unwrap());
    assert!(!place.store.remove(&root("a")).unwrap());
    assert_eq!(place.store.remove_all().unwrap(), ["https://b.example.com"]);
    assert_eq!(place.store.get(&root("b"), now()).unwrap(), None);
}

#[test]
fn what_has_ended_is_not_given_and_goes_with_the_next_change() {
    let place = place();
    place.store.put(&root("a"), &ending(15), now()).unwrap();
    let later = now() + chrono::TimeDelta::minutes(15);
    assert_eq!(place.store.get(&root("a"), later).unwrap(), None);
    assert_eq!(place.store.look_up(&root("a"), later).unwrap(), Lookup::Expired(later));
    place.store.put(&root("b"), &permanent("me"), later).unwrap();
    assert!(!fs::read_to_string(place.path()).unwrap().contains("https://a.example.com"));
}

#[test]
fn removing_from_an_empty_store_makes_no_file() {
    let place = place();
    assert!(!place.store.remove(&root("a")).unwrap());
    assert!(place.store.remove_all().unwrap().is_empty());
    assert!(!place.directory.path().join("tc").exists());
}

#[test]
fn without_a_home_there_is_nothing_and_nothing_can_be_stored() {
    let store = Store::open(&Environment::empty("/"));
    assert_eq!(store.get(&root("a"), now()).unwrap(), None);
    let error = store.put(&root("a"), &permanent("me"), now()).unwrap_err();
    assert_eq!(error.to_string(), "credentials cannot be stored: no home directory is known");
}

#[test]
fn a_broken_file_is_never_overwritten() {
    let place = place();
    place.store.put(&root("a"), &permanent("me"), now()).unwrap();
    fs::write(place.path(), "{\"version\": 1,\n \"hunter2\"").unwrap();
    for error in [
        place.store.get(&root("a"), now()).unwrap_err(),
        place.store.put(&root("a"), &permanent("me"), now()).unwrap_err(),
        place.store.remove(&root("a")).unwrap_err(),
        place.store.remove_all().unwrap_err(),
    ] {
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(cause, "line 2, column 10: not valid JSON");
        assert!(error.to_string().contains(place.path().to_str().unwrap()));
    }
    assert_eq!(fs::read_to_string(place.path()).unwrap(), "{\"version\": 1,\n \"hunter2\"");
}

#[test]
fn many_writers_lose_nothing() {
    let place = place();
    let names: Vec<String> = (0..16).map(|i| format!("d{i}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| place.store.put(&root(name), &permanent(name), now()).unwrap());
        }
    });
    for name in &names {
        assert_eq!(place.store.get(&root(name), now()).unwrap(), Some(permanent(name)), "{name}");
    }
}

#[test]
fn debug_output_holds_no_secret() {
    let place = place();
    place.store.put(&root("a"), &Stored::new(Credentials::new("me", "hunter2")), now()).unwrap();
    let shown = format!("{:?} {:?}", place.store, place.store.look_up(&root("a"), now()).unwrap());
    assert!(!shown.contains("hunter2") && shown.contains("(redacted)"), "{shown}");
}

#[cfg(unix)]
mod modes {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn stored() -> Place {
        let place = place();
        place.store.put(&root("a"), &permanent("me"), now()).unwrap();
        place
    }

    #[test]
    fn file_and_directory_are_closed_from_the_start_and_stay_so() {
        let place = stored();
        assert_eq!((mode(place.path()), mode(place.path().parent().unwrap())), (0o600, 0o700));
        place.store.put(&root("b"), &permanent("me"), now()).unwrap();
        assert_eq!(mode(place.path()), 0o600);
        let left: Vec<_> = fs::read_dir(place.path().parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert!(left.iter().all(|name| name.starts_with("credentials.")), "{left:?}");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        for open in [0o640, 0o604, 0o644, 0o660, 0o601] {
            let place = stored();
            set_mode(place.path(), open);
            let error = place.store.get(&root("a"), now()).unwrap_err();
            assert!(error.to_string().ends_with(&format!("it is open to other users (mode {open:o})")), "{error}");
            assert!(error.hints()[0].to_string().contains("chmod 600"));
            assert!(place.store.put(&root("b"), &permanent("me"), now()).is_err());
            set_mode(place.path(), 0o600);
            assert_eq!(place.store.get(&root("b"), now()).unwrap(), None);
        }
    }

    #[test]
    fn a_directory_that_others_can_write_to_is_refused() {
        let place = stored();
        let directory = place.path().parent().unwrap();
        set_mode(directory, 0o755);
        assert!(place.store.get(&root("a"), now()).is_ok());
        set_mode(directory, 0o777);
        let error = place.store.get(&root("a"), now()).unwrap_err();
        assert!(error.to_string().ends_with("it lies in a directory that others can write to (mode 777)"), "{error}");
    }

    #[test]
    fn a_symbolic_link_is_refused_and_not_followed() {
        let place = stored();
        let elsewhere = place.directory.path().join("elsewhere.json");
        fs::rename(place.path(), &elsewhere).unwrap();
        symlink(&elsewhere, place.path()).unwrap();
        let before = fs::read_to_string(&elsewhere).unwrap();
        let error = place.store.put(&root("b"), &permanent("me"), now()).unwrap_err();
        assert!(error.to_string().ends_with("it is a symbolic link"), "{error}");
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), before);
        fs::remove_file(&elsewhere).unwrap();
        assert!(place.store.remove_all().is_err(), "a dangling link is no absent file");
    }

    #[test]
    fn a_file_of_someone_else_is_refused() {
        let place = stored();
        // Root can give the file away; anyone else has a file of root's to look at.
        let store = match std::os::unix::fs::chown(place.path(), Some(1), None) {
            Ok(()) => place.store.clone(),
            Err(_) => Store::at("/etc/passwd"),
        };
        let error = store.get(&root("a"), now()).unwrap_err();
        assert!(error.to_string().contains(": it belongs to user "), "{error}");
    }

    #[test]
    fn a_pipe_is_refused_without_waiting_for_a_writer() {
        let place = stored();
        fs::remove_file(place.path()).unwrap();
        let made = std::process::Command::new("mkfifo").arg(place.path()).status().unwrap();
        assert!(made.success());
        let error = place.store.get(&root("a"), now()).unwrap_err();
        assert!(error.to_string().ends_with("it is not a regular file"), "{error}");
    }
}
