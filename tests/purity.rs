//! The core stays pure: no client, runtime, clock, file or environment in it. And every room
//! uses what docs/architecture.md says it may.

use std::path::{Path, PathBuf};

/// What reaches out of the program, or brings something in that is no parameter.
const IMPURE: [&str; 14] = [
    "kube::",
    "k8s_openapi",
    "tokio",
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::io",
    "std::thread",
    "SystemTime",
    "Instant::now",
    "rand::",
    "println!",
    "env!(",
];

#[test]
fn the_core_imports_nothing_impure() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/core");
    let files = rust_files(&core);
    assert!(files.len() > 10, "found the core");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in IMPURE {
                assert!(
                    !code.contains(word),
                    "{}:{}: {word} in the core",
                    file.display(),
                    number + 1
                );
            }
            assert!(
                !code.contains("crate::") || code.contains("crate::core"),
                "{}:{}: an arrow out of the core",
                file.display(),
                number + 1
            );
        }
    }
}

/// The table's rows that are a room of their own, with what their last column names.
fn table() -> Vec<(String, Vec<String>)> {
    let page = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `src/"));
    let rooms = rows.filter_map(|row| {
        let (room, rest) = row.split_once('`')?;
        let room = room.trim_end_matches('/').trim_end_matches(".rs");
        let last = rest.trim_end_matches(" |").rsplit(" |").next()?;
        let words = last.split('`').skip(1).step_by(2);
        let words = words.map(|word| word.split(':').next().unwrap_or_default().to_owned());
        // `commands` may use all that is below, `run` everything.
        (!room.contains('/') && !["commands", "run"].contains(&room))
            .then(|| (room.to_owned(), words.collect()))
    });
    rooms.collect()
}

#[test]
fn rooms_use_what_the_map_says_and_no_others() {
    let table = table();
    let mut rooms: Vec<String> = std::fs::read_dir(root().join("src"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|room| !["main", "lib", "run", "commands"].contains(&room.as_str()))
        .collect();
    rooms.sort();
    for room in rooms {
        let may = table.iter().find(|(of, _)| *of == room);
        let (_, may) = may.unwrap_or_else(|| panic!("{room} is not on the map"));
        let path = root().join("src").join(&room);
        let files = match path.is_dir() {
            true => rust_files(&path),
            false => vec![path.with_extension("rs")],
        };
        let mut uses: Vec<String> = Vec::new();
        for file in files {
            let text = std::fs::read_to_string(file).unwrap();
            let words = text.split("crate::").skip(1);
            let end = |c: char| !c.is_ascii_alphanumeric() && c != '_';
            uses.extend(words.map(|word| word.split(end).next().unwrap().to_owned()));
        }
        uses.sort();
        uses.dedup();
        uses.retain(|word| *word != room && !word.is_empty());
        for word in &uses {
            assert!(may.contains(word), "{room} uses {word}, which the map does not allow");
        }
        for word in may {
            assert!(uses.contains(word), "the map allows {room} to use {word}, which it does not");
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files
}
