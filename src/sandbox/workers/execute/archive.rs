//! Unpacks the archives that tasks mount. Nothing is written outside of the folder that they are unpacked into.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path};

use flate2::read::MultiGzDecoder;
use thiserror::Error;

/// The formats that this worker can unpack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    TarGz,
    Zip,
}

impl Format {
    /// A format by its name in a payload.
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "tar.gz" => Some(Self::TarGz),
            "zip" => Some(Self::Zip),
            _ => None,
        }
    }
}

/// Why an archive cannot be unpacked.
#[derive(Debug, Error)]
pub(super) enum ArchiveError {
    /// An entry would be written elsewhere.
    #[error("the entry `{0}` leads out of the folder")]
    Outside(String),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Zip(#[from] zip::result::ZipError),
}

/// Unpacks an archive into a folder, which is made where it is missing.
///
/// # Errors
/// When it is broken, has an entry that leads out of the folder, or the disk is full. What was unpacked before stays.
pub(super) fn unpack(format: Format, archive: &Path, folder: &Path) -> Result<(), ArchiveError> {
    fs::create_dir_all(folder)?;
    let file = File::open(archive)?;
    match format {
        Format::TarGz => unpack_tar(tar::Archive::new(MultiGzDecoder::new(io::BufReader::new(file))), folder),
        Format::Zip => unpack_zip(zip::ZipArchive::new(io::BufReader::new(file))?, folder),
    }
}

fn unpack_tar(mut archive: tar::Archive<impl io::Read>, folder: &Path) -> Result<(), ArchiveError> {
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let outside = || ArchiveError::Outside(path.display().to_string());
        if !is_inside(&path) {
            return Err(outside());
        }
        // It looks at links that lie on the way as well.
        if !entry.unpack_in(folder)? {
            return Err(outside());
        }
    }
    Ok(())
}

fn unpack_zip(mut archive: zip::ZipArchive<impl io::Read + io::Seek>, folder: &Path) -> Result<(), ArchiveError> {
    for name in archive.file_names() {
        let name = name?;
        if !is_inside(Path::new(&*name)) {
            return Err(ArchiveError::Outside(name.into_owned()));
        }
    }
    Ok(archive.extract(folder)?)
}

/// Whether an entry has a name that stays in the folder: no `..`, and not from the root.
fn is_inside(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn tar_gz(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, text) in entries {
            let mut header = tar::Header::new_gnu();
            // `set_path` would not take what these tests are about.
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            match text.strip_prefix("-> ") {
                Some(target) => {
                    header.set_entry_type(tar::EntryType::Symlink);
                    header.set_link_name(target).unwrap();
                    header.set_size(0);
                }
                None => header.set_size(text.len() as u64),
            }
            header.set_mode(0o755);
            header.set_cksum();
            builder.append(&header, if text.starts_with("-> ") { &b""[..] } else { text.as_bytes() }).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    fn zip(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, text) in entries {
            let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
            match text.strip_prefix("-> ") {
                Some(target) => writer.add_symlink(*name, target, options).unwrap(),
                None => {
                    writer.start_file(*name, options).unwrap();
                    writer.write_all(text.as_bytes()).unwrap();
                }
            }
        }
        writer.finish().unwrap().into_inner()
    }

    /// Unpacks into `inside` of a folder of its own; the text of `inside/a/b`, or what went wrong.
    fn unpacked(format: Format, archive: &[u8]) -> Result<String, String> {
        unpacked_leniently(format, archive).map(Option::unwrap)
    }

    /// The same; there need not be an `inside/a/b`.
    fn unpacked_leniently(format: Format, archive: &[u8]) -> Result<Option<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let (file, inside) = (folder.path().join("archive"), folder.path().join("inside"));
        fs::write(&file, archive).unwrap();
        let outcome = unpack(format, &file, &inside);
        let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort_unstable();
        assert_eq!(left, ["archive", "inside"], "something was written outside");
        outcome.map_err(|error| error.to_string())?;
        Ok(fs::read_to_string(inside.join("a/b")).ok())
    }

    #[test]
    fn files_come_out_with_their_modes() {
        use std::os::unix::fs::PermissionsExt as _;

        for (format, archive) in [(Format::TarGz, tar_gz(&[("a/b", "text")])), (Format::Zip, zip(&[("a/b", "text")]))] {
            assert_eq!(unpacked(format, &archive), Ok("text".to_owned()));
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("x");
            fs::write(&file, &archive).unwrap();
            unpack(format, &file, &folder.path().join("y")).unwrap();
            let mode = fs::metadata(folder.path().join("y/a/b")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o755, "{format:?}");
        }
    }

    #[test]
    fn entries_that_lead_out_of_the_folder_are_refused() {
        for name in ["../evil", "a/../../evil", "/tmp/evil-of-tc"] {
            let refused = Err(format!("the entry `{name}` leads out of the folder"));
            assert_eq!(unpacked(Format::TarGz, &tar_gz(&[("a/b", "x"), (name, "evil")])), refused, "{name}");
        }
        assert!(unpacked(Format::Zip, &zip(&[("a/b", "x"), ("../evil", "evil")])).is_err());
    }

    #[test]
    fn a_link_to_the_outside_is_no_way_out() {
        let entries = [("a/b", "x"), ("link", "-> .."), ("link/evil", "evil")];
        assert!(unpacked(Format::TarGz, &tar_gz(&entries)).is_err());
        assert!(unpacked(Format::Zip, &zip(&entries)).is_err());
    }

    #[test]
    fn what_is_no_archive_is_an_error() {
        for format in [Format::TarGz, Format::Zip] {
            assert!(unpacked(format, b"no archive").is_err());
            assert!(unpacked(format, b"").is_err());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn damage_to_an_archive_never_leads_out_of_the_folder(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
            let entries = [("a/b", "text"), ("a/link", "-> b"), ("c", "more")];
            let mut archive = zip(&entries);
            for (at, byte) in &changes {
                let at = at.index(archive.len());
                archive[at] = *byte;
            }
            // It looks at what is left itself; damage that does no harm is none.
            drop(unpacked_leniently(Format::Zip, &archive));
            let mut plain = Vec::new();
            MultiGzDecoder::new(tar_gz(&entries).as_slice()).read_to_end(&mut plain).unwrap();
            for (at, byte) in &changes {
                let at = at.index(plain.len());
                plain[at] = *byte;
            }
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&plain).unwrap();
            drop(unpacked_leniently(Format::TarGz, &encoder.finish().unwrap()));
        }
    }
}
