//! The files in a tar archive: POSIX ustar, with the long names of pax and GNU.

/// The size of headers, and what contents are padded to, bytes.
const BLOCK: usize = 512;

/// A file of an archive.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    /// Its path in the archive.
    pub(crate) path: String,
    /// Contents of the file.
    pub(crate) bytes: &'a [u8],
}

/// An archive that cannot be read to its end. The words follow its name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("is a tar archive that ends early or is damaged")]
pub(crate) struct Damaged;

/// Whether these bytes are an archive.
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    bytes.get(257..262) == Some(b"ustar")
}

/// The regular files of an archive, in order. Ends after the first error.
pub(crate) fn entries(bytes: &[u8]) -> impl Iterator<Item = Result<Entry<'_>, Damaged>> {
    let mut rest = Some(bytes);
    // What extended headers say of the file behind them.
    let mut long = Extended::default();
    std::iter::from_fn(move || {
        loop {
            let Some(header) = rest?.get(..BLOCK) else {
                rest = None;
                return Some(Err(Damaged));
            };
            // A block of zeros is the end: without one, a part would pass for the whole.
            if header.iter().all(|byte| *byte == 0) {
                return None;
            }
            let Some((contents, behind)) = contents(header, rest?, long.size) else {
                rest = None;
                return Some(Err(Damaged));
            };
            rest = Some(behind);
            match header[156] {
                b'x' => long = Extended::read(contents),
                b'L' => long.path = Some(text(contents)),
                b'0' | 0 | b'7' => {
                    let path = std::mem::take(&mut long).path.unwrap_or_else(|| path(header));
                    return Some(Ok(Entry { path, bytes: contents }));
                }
                // A directory, a link, or what holds for the whole archive.
                _ => long = Extended::default(),
            }
        }
    })
}

/// Fields of an extended header.
#[derive(Default)]
struct Extended {
    path: Option<String>,
    size: Option<usize>,
}

impl Extended {
    /// Reads records such as `30 path=directory/file\n`.
    fn read(mut records: &[u8]) -> Self {
        let mut extended = Self::default();
        while let Some(space) = records.iter().position(|byte| *byte == b' ') {
            let length = std::str::from_utf8(&records[..space]).ok().and_then(|n| n.parse().ok());
            let Some(record) = length.and_then(|length: usize| records.get(space + 1..length))
            else {
                break;
            };
            let record = String::from_utf8_lossy(record);
            match record.trim_end_matches('\n').split_once('=') {
                Some(("path", path)) => extended.path = Some(path.to_owned()),
                Some(("size", size)) => extended.size = size.parse().ok(),
                _ => {}
            }
            records = &records[length.unwrap_or(records.len())..];
        }
        extended
    }
}

/// The contents behind a header, and what follows them.
fn contents<'a>(
    header: &[u8],
    rest: &'a [u8],
    size: Option<usize>,
) -> Option<(&'a [u8], &'a [u8])> {
    if !is_archive(header) {
        return None;
    }
    let size = match size {
        Some(size) => size,
        None => number(&header[124..136])?,
    };
    let contents = rest.get(BLOCK..)?.get(..size)?;
    let end = BLOCK.checked_add(size.checked_next_multiple_of(BLOCK)?)?;
    Some((contents, rest.get(end..).unwrap_or_default()))
}

/// A number in octal digits, or, beyond 8 GiB, in the bytes behind a byte of 128.
fn number(field: &[u8]) -> Option<usize> {
    if field.first() == Some(&0x80) {
        let (_, low) = field.split_last_chunk::<8>()?;
        return usize::try_from(u64::from_be_bytes(*low)).ok();
    }
    let digits = text(field);
    match digits.trim() {
        "" => Some(0),
        digits => usize::from_str_radix(digits, 8).ok(),
    }
}

/// The path in a header: a prefix and a name.
fn path(header: &[u8]) -> String {
    let name = text(&header[..100]);
    match text(&header[345..500]) {
        // GNU keeps times there.
        prefix if prefix.is_empty() || header.get(257..265) == Some(b"ustar  \0") => name,
        prefix => format!("{prefix}/{name}"),
    }
}

/// Text up to the first zero.
fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header and its contents, as tar writes them.
    fn block(kind: u8, name: &str, contents: &[u8]) -> Vec<u8> {
        let mut header = vec![0; BLOCK];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", contents.len()).as_bytes());
        header[156] = kind;
        header[257..263].copy_from_slice(b"ustar\0");
        header.extend_from_slice(contents);
        header.resize(header.len().next_multiple_of(BLOCK), 0);
        header
    }

    fn read(bytes: &[u8]) -> Vec<Result<(String, String), Damaged>> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        entries(bytes).map(|entry| entry.map(|entry| (entry.path, text(entry.bytes)))).collect()
    }

    #[test]
    fn files_come_with_their_whole_paths() {
        let long = format!("{}/file", "d".repeat(150));
        let record = format!(" path={long}\n");
        let record = format!("{}{record}", record.len() + 3);
        let mut prefixed = block(b'0', "name", b"4");
        prefixed[345..351].copy_from_slice(b"prefix");
        let end = vec![0; 2 * BLOCK];
        let archive = [
            block(b'5', "directory/", b""),
            block(b'0', "directory/a", b"1"),
            block(b'x', "pax", record.as_bytes()),
            block(b'0', "ddd", &[b'2'; 600]),
            block(b'L', "././@LongLink", format!("{long}\0").as_bytes()),
            block(0, "ddd", b"3"),
            block(b'2', "link", b""),
            prefixed,
            end,
        ]
        .concat();
        assert!(is_archive(&archive));
        let expected = [
            ("directory/a", "1"),
            (&*long, &*"2".repeat(600)),
            (&*long, "3"),
            ("prefix/name", "4"),
        ];
        let expected = expected.map(|(path, text)| Ok((path.to_owned(), text.to_owned())));
        assert_eq!(read(&archive), expected);
        // However it is cut, what is given is right, and the rest is missed.
        for end in 0..archive.len() - 2 * BLOCK {
            let found = read(&archive[..end]);
            let (last, whole) = found.split_last().unwrap();
            assert_eq!((last, whole), (&Err(Damaged), &expected[..whole.len()]), "cut at {end}");
        }
        let mut damaged = block(b'0', "a", b"1");
        damaged.extend(vec![b'x'; BLOCK]);
        assert_eq!(read(&damaged)[1], Err(Damaged));
        let mut huge = block(b'0', "a", b"1");
        huge[124..136]
            .copy_from_slice(&[0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(read(&huge), [Err(Damaged)]);
    }
}
