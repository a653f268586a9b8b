//! Atomic writing of files, and the lock of kubeconfigs.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ring::rand::{SecureRandom, SystemRandom};

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
    let permissions = fs::metadata(path).map(|found| found.permissions()).ok();
    // As `open` creates files: less the umask.
    put(path, bytes, 0o666, permissions)
}

/// Replaces a file atomically by one that only its owner may read. It is created with its mode,
/// so it is private from the first byte on, whatever the umask.
///
/// # Errors When the folder cannot be written, and when `path` is a symbolic link, whose target may
/// belong to another user, or is not a regular file.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    refuse_irregular(path)?;
    put(path, bytes, 0o600, None)?;
    sync_folder(path)
}

/// Writes a new file, which gets the name `path` when it is whole: directly where the file system
/// can and the name is free, otherwise by a rename. A temporary name that a killed run left is
/// removed by the next.
fn put(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    permissions: Option<fs::Permissions>,
) -> io::Result<()> {
    let folder = folder_of(path);
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let prefix = format!(".{name}.oppscale-");
    remove_left(folder, &prefix);
    let part = folder.join(format!("{prefix}{}", random_hex()?));
    let fill = |mut file: &fs::File| {
        file.write_all(bytes)?;
        if let Some(permissions) = permissions.clone() {
            file.set_permissions(permissions)?;
        }
        file.sync_all()
    };
    let unnamed = unnamed(folder, mode);
    if let Some(file) = &unnamed {
        fill(file)?;
        if name_it(file, path).is_ok() {
            return Ok(());
        }
    }
    // The name is taken, or without `/proc` the file cannot get one.
    let written = match unnamed.map(|file| name_it(&file, &part)) {
        Some(Ok(())) => Ok(()),
        _ => named(&part, mode).and_then(|file| fill(&file)),
    };
    let written = written.and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

/// A new file under an unpredictable name. It is never one that is there already, nor a link.
fn named(path: &Path, mode: u32) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    options.open(path)
}

/// Creates a file without a name (`O_TMPFILE`); `None` if the file system cannot.
#[cfg(target_os = "linux")]
fn unnamed(folder: &Path, mode: u32) -> Option<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::TMPFILE.bits().cast_signed();
    fs::OpenOptions::new().write(true).mode(mode).custom_flags(flags).open(folder).ok()
}

/// Gives a file without a name one, which must be free.
#[cfg(target_os = "linux")]
fn name_it(file: &fs::File, path: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD, linkat};
    use std::os::fd::AsRawFd;
    let open = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    linkat(CWD, &open, CWD, path, AtFlags::SYMLINK_FOLLOW).map_err(io::Error::from)
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_: &Path, _: u32) -> Option<fs::File> {
    None
}

#[cfg(not(target_os = "linux"))]
fn name_it(_: &fs::File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Removes what killed runs left beside a file. A run that is under way loses at worst its own
/// unfinished file, and says so.
fn remove_left(folder: &Path, prefix: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_left =
            name.to_str().and_then(|name| name.strip_prefix(prefix)).is_some_and(|rest| {
                rest.len() == 2 * RANDOM_BYTES && rest.bytes().all(|byte| byte.is_ascii_hexdigit())
            });
        if is_left {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Random bytes in the name of a temporary file.
const RANDOM_BYTES: usize = 8;

fn random_hex() -> io::Result<String> {
    let mut bytes = [0; RANDOM_BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("no random numbers"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// kubectl's lock of a kubeconfig: while `FILE.lock` exists, no other program writes FILE
/// (client-go `tools/clientcmd/loader.go`).
pub struct FileLock(PathBuf);

impl FileLock {
    /// Takes the lock, and waits up to `timeout` for another program to release it.
    ///
    /// # Errors
    /// When it stays taken, or the folder cannot be written.
    pub fn take(path: &Path, timeout: Duration) -> io::Result<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let lock = PathBuf::from(name);
        let end = Instant::now() + timeout;
        loop {
            match named(&lock, 0o600) {
                Ok(_) => return Ok(Self(lock)),
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                Err(_) if Instant::now() >= end => {
                    return Err(io::Error::new(
                        io::ErrorKind::WouldBlock,
                        format!("{} exists: another program writes the file", lock.display()),
                    ));
                }
                Err(_) => std::thread::sleep(LOCK_POLL_INTERVAL),
            }
        }
    }
}

/// Interval between attempts to take a lock.
const LOCK_POLL_INTERVAL: Duration = Duration::from_millis(50);

impl Drop for FileLock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Checks whether [`write_private`] could write, before a secret is created that would be lost.
///
/// # Errors
/// When it could not.
pub fn may_write_private(path: &Path) -> io::Result<()> {
    refuse_irregular(path)?;
    let folder = fs::metadata(folder_of(path))?;
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
    fs::File::open(folder_of(path)).and_then(|folder| folder.sync_all())
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
