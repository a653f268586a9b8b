//! Atomic writing of files.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Replaces a file atomically, by a rename. A symbolic link is followed; a pipe, a terminal or a
/// device is written to.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => {
            fs::OpenOptions::new().write(true).open(path)?.write_all(bytes)
        }
        Ok(_) => replace(&fs::canonicalize(path)?, bytes),
        // A dangling link: its target is created.
        Err(_) if fs::symlink_metadata(path).is_ok() => fs::write(path, bytes),
        Err(_) => replace(path, bytes),
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = part_file(path)?;
    let written = fs::File::create(&part)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

/// The temporary file for `path`, in the same folder.
fn part_file(path: &Path) -> io::Result<PathBuf> {
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(format!(".{}.part", std::process::id()));
    Ok(path.with_file_name(name))
}

/// Replaces a file atomically by one that only its owner may read. It is created with its mode,
/// so it is private from the first byte on, whatever the umask.
///
/// # Errors
/// When the folder cannot be written, and when `path` is a symbolic link, whose target may
/// belong to somebody else, or is not a regular file.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    refuse_irregular(path)?;
    let part = part_file(path)?;
    // Left behind by a killed run with the same process id.
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options
        .open(&part)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&part, path))
        .and_then(|()| sync_folder(path));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

/// Checks whether [`write_private`] could write, before a secret is created that would be lost.
///
/// # Errors
/// When it could not.
pub fn may_write_private(path: &Path) -> io::Result<()> {
    refuse_irregular(path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = fs::metadata(folder.unwrap_or(Path::new(".")))?;
    if !folder.is_dir() || path.is_dir() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    match folder.permissions().readonly() {
        true => Err(io::ErrorKind::PermissionDenied.into()),
        false => Ok(()),
    }
}

/// Creates a folder that only its owner may enter, unless it exists.
///
/// # Errors
/// When it cannot be created, or is a symbolic link.
pub fn private_folder(path: &Path) -> io::Result<()> {
    refuse_link(path)?;
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A rename is durable once its folder is synced.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all())
}

/// Refuses whatever a rename would replace by a regular file.
fn refuse_irregular(path: &Path) -> io::Result<()> {
    refuse_link(path)?;
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(io::Error::other("not a regular file")),
        _ => Ok(()),
    }
}

fn refuse_link(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_symlink() => {
            Err(io::Error::other("a symbolic link is not followed for a secret"))
        }
        _ => Ok(()),
    }
}
