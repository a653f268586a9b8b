//! As much of PromQL as it takes to find metric names and labels in an expression.

use std::collections::BTreeSet;

/// A series that an expression selects: its name, and the labels of its matchers.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selected {
    pub name: String,
    pub labels: Vec<String>,
}

/// What stands between operands, and is no metric.
const WORDS: [&str; 8] = ["and", "or", "unless", "bool", "offset", "inf", "nan", "atan2"];
/// Their parentheses hold labels.
const CLAUSES: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

/// The series of an expression, and the labels by which it groups and matches.
pub fn parts(expression: &str) -> (BTreeSet<Selected>, BTreeSet<String>) {
    let tokens = tokens(expression);
    let (mut series, mut labels) = (BTreeSet::new(), BTreeSet::new());
    let mut at = 0;
    let text = |at: usize| tokens.get(at).map_or("", String::as_str);
    while at < tokens.len() {
        let word = text(at);
        at += 1;
        if !is_name(word) || WORDS.contains(&word) {
            // A duration in brackets is no name.
            if word == "[" {
                at += tokens[at..].iter().take_while(|token| *token != "]").count();
            }
            continue;
        }
        if CLAUSES.contains(&word) {
            let inside = tokens[at..].iter().take_while(|token| *token != ")");
            labels.extend(inside.filter(|token| is_name(token)).cloned());
            at += tokens[at..].iter().take_while(|token| *token != ")").count();
        } else if text(at) == "{" {
            let inside: Vec<_> = tokens[at..].iter().take_while(|token| *token != "}").collect();
            at += inside.len();
            let matched = inside.into_iter().filter(|token| is_name(token)).cloned().collect();
            series.insert(Selected { name: word.to_owned(), labels: matched });
        } else if text(at) != "(" && !CLAUSES.contains(&text(at)) {
            series.insert(Selected { name: word.to_owned(), labels: Vec::new() });
        }
    }
    (series, labels)
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == ':')
}

/// Names and numbers whole, strings left out, everything else by character.
fn tokens(expression: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut characters = expression.chars().peekable();
    while let Some(c) = characters.next() {
        if c == '"' || c == '\'' {
            while let Some(inside) = characters.next() {
                match inside {
                    '\\' => drop(characters.next()),
                    end if end == c => break,
                    _ => {}
                }
            }
        } else if c.is_ascii_alphanumeric() || c == '_' || c == ':' {
            let mut token = String::from(c);
            let belongs = |c: &char| c.is_ascii_alphanumeric() || "_:.".contains(*c);
            while let Some(next) = characters.next_if(belongs) {
                token.push(next);
            }
            tokens.push(token);
        } else if !c.is_whitespace() {
            tokens.push(c.to_string());
        }
    }
    tokens
}

#[test]
fn names_and_labels_are_found() {
    let (series, labels) = parts(
        "histogram_quantile(0.99, sum by (le) (rate(a_bucket{x=~\"b{c}\"}[5m]))) > 1.5e3\n\
         and on (ns) group_left () max(b) unless c{} or time() - sum(d) by (e)",
    );
    let names: Vec<_> = series.iter().map(|one| (&*one.name, one.labels.join(","))).collect();
    let none = String::new;
    assert_eq!(names, [("a_bucket", "x".to_owned()), ("b", none()), ("c", none()), ("d", none())]);
    assert_eq!(labels.into_iter().collect::<Vec<_>>(), ["e", "le", "ns"]);
}
