//! Where the numbers come from: as comments above the objects, or as a table.

use comfy_table::{ContentArrangement, Table, presets};

use crate::manifest::Document;
use hpa_model::sizing::{Line, Subject};
use oppscale_core::kinds;
use oppscale_core::ownership::OPPORTUNISTIC_LABEL;

/// Puts each line above the objects that it is about.
pub fn comment(documents: &mut [Document], lines: &[Line]) {
    for document in documents {
        let subjects: &[Subject] = match document.kind() {
            "ResourceQuota" if document.value()["spec"]["scopeSelector"].is_object() => {
                &[Subject::Quota]
            }
            _ if is_workload(document) => &[Subject::Replica, Subject::Reserve, Subject::Guard],
            "HorizontalPodAutoscaler" | "ScaledObject" => &[Subject::Bounds, Subject::Behavior],
            _ => continue,
        };
        for line in lines.iter().filter(|line| subjects.contains(&line.subject)) {
            document.comment(&format!("{} {}: {}", line.what, line.value, line.why));
        }
    }
}

fn is_workload(document: &Document) -> bool {
    let value = document.value();
    let is_filler = value["metadata"]["labels"][OPPORTUNISTIC_LABEL] == "true";
    is_filler && value["spec"]["template"].is_object() || document.kind() == kinds::DEPLOYMENT.name
}

/// A table of `width` columns; `None` does not wrap.
pub fn table(lines: &[Line], width: Option<usize>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.force_no_tty();
    if let Some(width) = width.and_then(|width| u16::try_from(width).ok()) {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.set_header(["NUMBER", "VALUE", "WHERE IT COMES FROM"]);
    for line in lines {
        table.add_row([&line.what, &line.value, &line.why]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt() + "\n"
}
