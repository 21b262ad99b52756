//! Whatever an artifact is called, its path stays below the folder, and no two files are in each other's way.

#![no_main]

use std::path::{Component, Path};

use libfuzzer_sys::fuzz_target;
use tc::fuzzing::artifact_path::{Paths, flat_path, safe_path};

fuzz_target!(|names: Vec<String>| {
    let mut paths = Paths::default();
    let mut taken: Vec<String> = Vec::new();
    for name in names {
        for found in [safe_path(&name), flat_path(&name)].into_iter().flatten() {
            let parts = Path::new(&found.path).components();
            assert!(parts.clone().count() > 0 && parts.clone().all(|part| matches!(part, Component::Normal(_))));
            assert!(!found.path.contains(['\\', '\0']));
            assert_eq!(safe_path(&found.path).map(|again| again.path), Ok(found.path.clone()));
            if paths.add(&name, &found.path, &[".tc.part"]).is_ok() {
                let folded = found.path.to_lowercase();
                for other in &taken {
                    assert!(*other != folded);
                    assert!(!other.starts_with(&format!("{folded}/")) && !folded.starts_with(&format!("{other}/")));
                }
                taken.push(folded);
            }
        }
    }
});
