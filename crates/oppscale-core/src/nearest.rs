//! The name that a person most likely meant by one that nothing has.

/// The name nearest to `typed`; `None` if none is near enough to be a typing error of it.
///
/// Letter case and separators do not count. A name whose last part, behind a `/` or a `.`, is
/// `typed` is nearest (`gpu` of `nvidia.com/gpu`), one that begins with it is as near as one
/// letter (`mem` of `memory`). Of equally near names the first counts.
pub fn nearest<'n>(typed: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let wanted = letters(typed);
    let near = |name: &'n str| {
        let known = letters(name);
        let distance = distance(&wanted, &known);
        let tail = name.rsplit(['/', '.']).next().unwrap_or_default();
        let most = (wanted.len().max(known.len()) / 3).max(1);
        let rank = match wanted.len() {
            0 => return None,
            _ if letters(tail) == wanted => 0,
            2.. if known.starts_with(&wanted) => 1,
            _ if distance <= most => distance,
            _ => return None,
        };
        Some((rank, distance, name))
    };
    let near = names.into_iter().filter_map(near);
    near.min_by_key(|(rank, distance, _)| (*rank, *distance)).map(|(_, _, name)| name)
}

/// The hint for `typed`, which does not exist: the nearest name, or all names if they are few.
pub fn suggestion<'n>(
    typed: &str,
    names: impl IntoIterator<Item = &'n str> + Clone,
) -> Option<String> {
    const FEW: usize = 8;
    if let Some(name) = nearest(typed, names.clone()) {
        return Some(format!("did you mean {name}?"));
    }
    let names: Vec<&str> = names.into_iter().collect();
    (1..=FEW).contains(&names.len()).then(|| format!("there is {}", names.join(", ")))
}

/// The object that was meant by a namespace and a name that no object has: one of that name in
/// another namespace, one of a near name in this namespace, or one of a near name elsewhere.
pub fn nearest_object<'n>(
    (namespace, name): (&str, &str),
    objects: &'n [(String, String)],
) -> Option<&'n (String, String)> {
    let near = |of: &mut dyn Iterator<Item = &'n (String, String)>| {
        let of: Vec<_> = of.collect();
        let name = nearest(name, of.iter().map(|(_, known)| known.as_str()))?;
        of.into_iter().find(|(_, known)| known == name)
    };
    objects
        .iter()
        .find(|(_, known)| known == name)
        .or_else(|| near(&mut objects.iter().filter(|(of, _)| of == namespace)))
        .or_else(|| near(&mut objects.iter()))
}

/// The letters and digits of `text`, in lower case.
pub(crate) fn letters(text: &str) -> Vec<char> {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Levenshtein's distance, row by row.
pub(crate) fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, a) in a.iter().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(b) {
            let new = (corner + usize::from(a != b)).min(*cell + 1).min(left + 1);
            corner = std::mem::replace(cell, new);
            left = new;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_leads_to_the_name_that_was_meant() {
        let resources = ["cpu", "ephemeral-storage", "memory", "nvidia.com/gpu", "pods"];
        for (typed, name) in [
            ("mem", Some("memory")),
            ("Memory", Some("memory")),
            ("cpus", Some("cpu")),
            ("pod", Some("pods")),
            ("gpu", Some("nvidia.com/gpu")),
            ("nvidia.com/gpus", Some("nvidia.com/gpu")),
            ("ephemeral_storage", Some("ephemeral-storage")),
            ("disk", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, resources), name, "{typed}");
        }
        assert_eq!(suggestion("disk", ["cpu", "memory"]).as_deref(), Some("there is cpu, memory"));
        assert_eq!(suggestion("disk", []), None);
    }
}
