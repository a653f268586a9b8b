//! Files that commands write: whole, or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file beside its place and moves it there: nobody sees half of it, and what was
/// there before stays until all is written. A link is followed; a pipe, a terminal or a device
/// gets the bytes, and stays what it is.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => {
            fs::OpenOptions::new().write(true).open(path)?.write_all(bytes)
        }
        Ok(_) => replace(&fs::canonicalize(path)?, bytes),
        // A link to what is not there yet makes it where the link leads.
        Err(_) if fs::symlink_metadata(path).is_ok() => fs::write(path, bytes),
        Err(_) => replace(path, bytes),
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = beside(path)?;
    let written = fs::File::create(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The error that is told is the first one.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// The name of a file on its way to `path`.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(format!(".{}.part", std::process::id()));
    Ok(path.with_file_name(name))
}

/// Writes a file that only its owner may read, whole or not at all. It is private from its
/// first byte on, whatever the umask: created with its mode, not changed afterwards.
///
/// # Errors
/// When the folder cannot be written, and when `path` is a symbolic link, for what it leads to
/// may be somebody else's, or anything but a file.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    refuse_others(path)?;
    let beside = beside(path)?;
    // What a run that was killed left behind is ours: its name holds a process id.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options
        .open(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path))
        .and_then(|()| sync_folder(path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Whether [`write_private`] could write, as far as that shows before there is anything to
/// write: who makes a secret first and finds no place for it has lost it.
///
/// # Errors
/// When it could not.
pub fn may_write_private(path: &Path) -> io::Result<()> {
    refuse_others(path)?;
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

/// Makes a folder that only its owner may enter, if it is not there yet.
///
/// # Errors
/// When it cannot be made, or is a symbolic link.
pub fn private_folder(path: &Path) -> io::Result<()> {
    refuse_link(path)?;
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A rename lasts once its folder is on the disk.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all())
}

/// Refuses what a rename would turn into a file.
fn refuse_others(path: &Path) -> io::Result<()> {
    refuse_link(path)?;
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(io::Error::other("it is no file")),
        _ => Ok(()),
    }
}

fn refuse_link(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_symlink() => {
            Err(io::Error::other("it is a symbolic link, which is not followed for a secret"))
        }
        _ => Ok(()),
    }
}
