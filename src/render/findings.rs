//! Findings of checks, for people and for scripts.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::printer::{Printer, Style};
use oppscale_core::check::{Category, Finding, Outcome, Summary};

/// All findings, by category.
pub fn table(findings: &[Finding], printer: &Printer) -> String {
    let mut text = String::new();
    for category in Category::ALL.iter().copied() {
        let mut of_category = findings.iter().filter(|f| f.check.category() == category).peekable();
        if of_category.peek().is_none() {
            continue;
        }
        let _ = writeln!(text, "{}", printer.paint(Style::Bold, category.name()));
        for finding in of_category {
            line(finding, printer, &mut text);
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{}", Summary::of(findings));
    text
}

/// Failures and warnings; empty when all is well.
pub fn short(findings: &[Finding], printer: &Printer) -> String {
    let mut text = String::new();
    let is_shown = |f: &&Finding| matches!(f.outcome, Outcome::Failed(_) | Outcome::Warning(_));
    for finding in findings.iter().filter(is_shown) {
        line(finding, printer, &mut text);
    }
    text
}

fn line(finding: &Finding, printer: &Printer, text: &mut String) {
    let (mark, plain, style) = match &finding.outcome {
        Outcome::Passed(_) => ("√", "ok", Style::Plain),
        Outcome::Warning(_) => ("‼", "!!", Style::Warn),
        Outcome::Failed(_) => ("×", "xx", Style::Bad),
        Outcome::Unknown(_) | Outcome::Denied(_) => ("?", "??", Style::Warn),
        Outcome::Skipped(_) => ("-", "--", Style::Dim),
    };
    let mark = printer.paint(style, if printer.is_unicode() { mark } else { plain });
    let subject = finding.subject.as_ref().map(|s| format!(" ({s})")).unwrap_or_default();
    let _ = write!(text, "  {mark} {} {}{subject}", finding.check, finding.check.title());
    let passed = matches!(finding.outcome, Outcome::Passed(_) | Outcome::Skipped(_));
    match finding.outcome.text() {
        Some(words) if passed => {
            let _ = writeln!(text, "{}", printer.paint(Style::Dim, &format!(": {words}")));
        }
        Some(words) => {
            let _ = writeln!(text, "\n       {words}");
        }
        None => text.push('\n'),
    }
    if passed {
        return;
    }
    if let Some(fix) = &finding.fix {
        for (number, fix) in fix.lines().enumerate() {
            let label = if number == 0 { "fix: " } else { "     " };
            let _ = writeln!(text, "       {label}{fix}");
        }
    }
    let _ = writeln!(text, "       see  {}", finding.check.page());
}

/// For programs; `docs/json.md` documents it.
pub fn json(findings: &[Finding]) -> String {
    let summary = Summary::of(findings);
    let categories: Vec<Value> = Category::ALL
        .iter()
        .filter_map(|category| {
            let checks: Vec<Value> =
                findings.iter().filter(|f| f.check.category() == *category).map(one).collect();
            let name = category.name();
            (!checks.is_empty()).then(|| json!({"categoryName": name, "checks": checks}))
        })
        .collect();
    let value = json!({
        "schemaVersion": 1,
        "success": summary.failed == 0,
        "summary": {
            "failed": summary.failed, "warnings": summary.warnings, "unknown": summary.unknown,
            "passed": summary.passed, "skipped": summary.skipped
        },
        "categories": categories
    });
    format!("{value:#}\n")
}

fn one(finding: &Finding) -> Value {
    json!({
        "id": finding.check.id(),
        "description": finding.check.title(),
        "subject": finding.subject,
        "result": finding.outcome.name(),
        "message": finding.outcome.text(),
        "fix": finding.fix,
        "hint": finding.check.page()
    })
}
