//! The columns of each table, and which of them a width has room for.

use oppscale_core::figures::{self, Choice, Figure, Format, Kind};
use oppscale_core::view::RowKind;

use super::view::View;
use super::{hpas, pods};

/// A figure of one resource, which a column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    /// The id of the figure.
    pub(super) id: &'static str,
    pub(super) kind: Kind,
    /// Index of the resource; 0 for figures that are not of a resource.
    pub(super) resource: usize,
}

/// A column with its heading and width.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ColumnHeading {
    pub(super) column: Column,
    pub(super) title: String,
    /// The key that sorts by it.
    pub(super) letter: Option<char>,
    pub(super) width: u16,
    /// The width where there is room.
    pub(super) preferred: u16,
    /// The order in which columns are left out: the greatest first, 0 never.
    pub(super) drop: u8,
    pub(super) right: bool,
    /// Whether rows can be sorted by it.
    pub(super) sorts: bool,
}

/// The columns that fit, and the titles of those that do not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct VisibleColumns {
    pub(super) heads: Vec<ColumnHeading>,
    pub(super) hidden: Vec<String>,
}

/// Everything that the columns of a table depend on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a> {
    pub(super) view: &'a View,
    /// Whether the rows of a node are its pods rather than its workloads.
    pub(super) knows_pods: bool,
    pub(super) wide: bool,
    /// Whether the limits of pods are known; a recording has none.
    pub(super) knows_limits: bool,
    /// The resources of the screen, and the index of the selected one.
    pub(super) resources: &'a [String],
    pub(super) focus: usize,
    /// Widths of the longest name and of the longest namespace.
    pub(super) longest: (u16, u16),
    /// Columns in which every row has zero or nothing: they are left out first.
    pub(super) blank: &'a [Column],
}

/// Width below which a cut name is unreadable.
const SHORTEST_NAME: u16 = 15;
/// [`ColumnHeading::drop`] of REMAIN of the resources that are not selected.
const REST: u8 = 5;

impl Column {
    pub(super) const NAME: Self = Self { id: "name", kind: Kind::Text, resource: 0 };
    pub(super) const PODS: Self = Self { id: "pods", kind: Kind::CountOf, resource: 0 };

    /// An amount of the first resource.
    pub(super) const fn amount(id: &'static str) -> Self {
        Self { id, kind: Kind::Amount, resource: 0 }
    }

    pub(super) fn of<R>(figure: &Figure<R>, resource: usize) -> Self {
        let column = Self { id: figure.id, kind: figure.kind, resource: 0 };
        column.of_resource(resource)
    }

    /// Whether rows are first sorted from A on, rather than from the greatest value on.
    pub(super) fn is_text(self) -> bool {
        self.kind == Kind::Text
    }

    /// The same figure of another resource.
    pub(super) fn of_resource(self, resource: usize) -> Self {
        match self.kind {
            Kind::Amount | Kind::Share | Kind::Bar => Self { resource, ..self },
            _ => self,
        }
    }
}

impl Table<'_> {
    /// Every column there is for this table.
    pub(super) fn all(&self) -> Vec<ColumnHeading> {
        match (self.view, self.view.row_kind()) {
            (View::OnNode { .. }, _) if self.knows_pods => {
                self.heads(pods::FIGURES.iter(), |figure| figure.heading, None)
            }
            (_, None) => self.heads(hpas::FIGURES.iter(), |figure| figure.heading, None),
            (_, Some(kind)) => {
                let format = if self.wide { Format::LiveWide } else { Format::Live };
                let title = |figure: &Figure| figure.heading(kind, true);
                let (kinds, choice) = ([kind], Choice::default());
                let figures = figures::shown(&kinds, format, &choice)
                    .filter(|f| self.knows_limits || f.id != "limits");
                self.heads(figures, title, Some(kind))
            }
        }
    }

    fn heads<R: 'static>(
        &self,
        figures: impl Iterator<Item = &'static Figure<R>>,
        title: impl Fn(&Figure<R>) -> &'static str,
        kind: Option<RowKind>,
    ) -> Vec<ColumnHeading> {
        let figures: Vec<_> = figures.collect();
        let of_owners = kind.is_some_and(|kind| !kind.is_of_nodes());
        let head = |figure: &Figure<R>, resource: usize| {
            let title = title(figure).to_owned();
            // Sums over the nodes of a pool have more digits.
            let more = match figure.kind {
                Kind::Count if kind == Some(RowKind::Pool) => 1,
                Kind::CountOf if kind == Some(RowKind::Pool) => 2,
                _ => 0,
            };
            let width = (figure.width + more).max(title.len() as u16);
            ColumnHeading {
                column: Column::of(figure, resource),
                width,
                preferred: figure.stretch.max(width),
                title,
                letter: figure.letter,
                // More than fits beside amounts that matter here.
                drop: if figure.id == "limits" { 13 } else { figure.drop[usize::from(of_owners)] },
                right: !figure.is_text(),
                sorts: figure.sorts,
            }
        };
        let others = || (0..self.resources.len()).filter(|at| *at != self.focus);
        let mut heads = Vec::new();
        for figure in &figures {
            match (figure.id, figure.kind) {
                ("name", _) => {
                    let name = head(figure, 0);
                    // With room for the arrow of a sorted column.
                    let preferred = self.longest.0.max(name.title.len() as u16 + 1);
                    heads.push(ColumnHeading {
                        preferred,
                        width: preferred.min(SHORTEST_NAME),
                        ..name
                    });
                }
                ("namespace", _) => {
                    let preferred = self.longest.1.max(10);
                    heads.push(ColumnHeading {
                        preferred,
                        width: preferred.min(12),
                        ..head(figure, 0)
                    });
                }
                // Requests of pods have one column for each resource, named after it.
                ("request", _) => {
                    heads.extend(self.resources.iter().enumerate().map(|(at, name)| {
                        let drop = if at == self.focus { 0 } else { 5 + at.min(4) as u8 };
                        named(name, ColumnHeading { drop, ..head(figure, at) })
                    }))
                }
                (_, Kind::Bar) => {
                    // A wide screen prefers figures to the bar.
                    let drop = if self.wide { 11 } else { 0 };
                    let resource = self.resources.get(self.focus).map_or("", String::as_str);
                    heads.push(named(resource, ColumnHeading { drop, ..head(figure, self.focus) }));
                    for at in others().filter(|_| self.wide) {
                        for figure in figures.iter().filter(|figure| figure.of_every_resource) {
                            let head = head(figure, at);
                            let title =
                                format!("{}-{}", short_name(&self.resources[at]), head.title);
                            let width = head.width.max(title.len() as u16);
                            let is_rest = of_owners || figure.id == "remaining";
                            let drop = if is_rest { REST } else { 12 };
                            heads.push(ColumnHeading { title, width, drop, letter: None, ..head });
                        }
                    }
                }
                _ => heads.push(head(figure, self.focus)),
            }
        }
        heads.sort_by_key(|head| head.column.kind == Kind::Sentences);
        heads
    }

    /// The columns that fit into `width`.
    pub(super) fn within(&self, width: u16) -> VisibleColumns {
        let mut heads = self.all();
        let mut hidden = Vec::new();
        while width_of(&heads) > width {
            let order = |head: &ColumnHeading| (self.blank.contains(&head.column), head.drop);
            let last = heads.iter().filter(|head| head.drop > 0).map(order).max();
            let Some(last) = last else { break };
            let at = heads.iter().rposition(|head| head.drop > 0 && order(head) == last);
            hidden.extend(at.map(|at| heads.remove(at)).map(|head| match head.column.kind {
                // Its heading is only the resource's name.
                Kind::Bar => "bar".to_owned(),
                _ => head.title,
            }));
        }
        let mut over = width.saturating_sub(width_of(&heads));
        // Names are widened first, bars last.
        for bars in [false, true] {
            for head in &mut heads {
                if (head.column.kind == Kind::Bar) == bars {
                    let more = head.preferred.saturating_sub(head.width).min(over);
                    head.width += more;
                    over -= more;
                }
            }
        }
        let mut short = width_of(&heads).saturating_sub(width);
        for head in heads.iter_mut().filter(|head| head.column.id == "name") {
            // Names are cut before figures are.
            let less = head.width.saturating_sub(4).min(short);
            head.width -= less;
            short -= less;
        }
        VisibleColumns { heads, hidden }
    }
}

/// A column whose heading is the resource.
fn named(resource: &str, head: ColumnHeading) -> ColumnHeading {
    let title = short_name(resource);
    let width = head.width.max(title.len() as u16);
    ColumnHeading { title, letter: letter_of(resource), width, ..head }
}

/// The key that selects a resource.
pub(super) fn letter_of(resource: &str) -> Option<char> {
    match resource {
        "cpu" => Some('c'),
        "memory" => Some('m'),
        _ => None,
    }
}

/// A resource as a heading: `CPU`, `MEM`, `GPU`.
pub(super) fn short_name(resource: &str) -> String {
    match resource {
        "memory" => "MEM".to_owned(),
        _ => resource.rsplit('/').next().unwrap_or(resource).to_uppercase(),
    }
}

fn width_of(heads: &[ColumnHeading]) -> u16 {
    let gaps = heads.len().saturating_sub(1) as u16;
    heads.iter().map(|head| head.width).sum::<u16>() + gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(width: u16, longest: u16, wide: bool) -> VisibleColumns {
        let resources = ["cpu".to_owned(), "memory".to_owned()];
        let view = &View::Nodes { pool: None };
        let table = Table {
            view,
            knows_pods: true,
            wide,
            knows_limits: true,
            resources: &resources,
            focus: 0,
            longest: (longest, 0),
            blank: &[],
        };
        table.within(width)
    }

    fn titles(columns: &VisibleColumns) -> Vec<&str> {
        columns.heads.iter().map(|head| head.title.as_str()).collect()
    }

    #[test]
    fn eighty_columns_have_room_for_all_but_a_long_name() {
        let columns = within(80, 60, false);
        assert_eq!(columns.hidden, Vec::<String>::new());
        assert_eq!(width_of(&columns.heads), 80);
        assert_eq!(columns.heads[0].width, 15);
        let columns = within(120, 60, false);
        assert_eq!(columns.heads[0].width, 55, "names before bars");
    }

    #[test]
    fn name_remaining_and_bar_stay_to_the_end() {
        let columns = within(40, 10, false);
        assert_eq!(titles(&columns), ["NODE", "FILLER", "REMAIN", "CPU", "SLOTS"]);
        assert_eq!(columns.hidden, ["PODS", "REQ%", "ALLOC", "OTHERS", "STATE"]);
        for width in 0..40 {
            let columns = within(width, 40, true);
            assert!(titles(&columns).starts_with(&["NODE"]));
            assert!(width_of(&columns.heads) <= width.max(20), "{width}");
        }
    }

    #[test]
    fn eighty_columns_are_enough_for_what_wide_is_for() {
        let columns = within(80, 10, true);
        let shown = titles(&columns);
        for title in ["REMAIN", "FREE", "MEM-REMAIN", "WHY"] {
            assert!(shown.contains(&title), "{title}: {columns:?}");
        }
        assert_eq!(
            columns.hidden,
            ["LIMITS", "MEM-FILLER", "MEM-OTHERS", "bar", "PODS", "REQ%", "ALLOC"]
        );
        assert!(titles(&within(120, 10, true)).contains(&"CPU"), "the bar is back");
    }

    #[test]
    fn columns_of_zeros_are_left_out_first() {
        let resources = ["cpu".to_owned()];
        let table = Table {
            view: &View::Nodes { pool: None },
            knows_pods: true,
            wide: false,
            knows_limits: true,
            resources: &resources,
            focus: 0,
            longest: (10, 0),
            blank: &[Column::amount("opportunistic")],
        };
        let columns = table.within(62);
        assert_eq!(columns.hidden.first().map(String::as_str), Some("FILLER"), "{columns:?}");
        assert!(titles(&columns).contains(&"ALLOC"));
    }

    #[test]
    fn wide_shows_memory_too() {
        let columns = within(200, 10, true);
        assert!(titles(&columns).contains(&"MEM-REMAIN"), "{columns:?}");
    }
}
