//! The columns of each table, and which of them a width has room for.

use super::view::View;

/// What a column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Namespace,
    Name,
    State,
    /// How many nodes of a pool are usable.
    Nodes,
    /// A figure of the resource with this number.
    Sum(Figure, usize),
    /// The share that is requested, of what there is.
    Percent(usize),
    Bar(usize),
    Slots,
    Pods,
    Why,
    /// Whether a pod is opportunistic.
    Whose,
    /// What a pod asks for of the resource with this number.
    Request(usize),
    Phase,
    Age,
    Target,
    Replicas,
    Range,
    Metric,
    Scaled,
    Status,
}

/// A sum over pods or nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Figure {
    Alloc,
    Others,
    Own,
    Remain,
    Free,
}

/// A column as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) column: Column,
    pub(super) title: String,
    /// The key that sorts by it.
    pub(super) letter: Option<char>,
    pub(super) width: u16,
    /// How much wider it would like to be.
    pub(super) wish: u16,
    /// The greater, the sooner it is left out; 0 never.
    pub(super) spare: u8,
    pub(super) right: bool,
}

/// The columns that fit, with their widths, and the titles of those that do not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) heads: Vec<Head>,
    pub(super) hidden: Vec<String>,
}

/// What the columns of a table depend on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a> {
    pub(super) view: &'a View,
    /// Whether the rows of a node are its pods, and not only its workloads.
    pub(super) knows_pods: bool,
    pub(super) wide: bool,
    /// The resources of the screen, and the one that is looked at.
    pub(super) resources: &'a [String],
    pub(super) focus: usize,
    /// The width of the longest name, and of the longest namespace.
    pub(super) longest: (u16, u16),
}

/// Room for an amount, see [`oppscale_core::units::amount`].
const AMOUNT: u16 = 6;
/// A name that is cut shorter says nothing.
const SHORTEST_NAME: u16 = 15;
/// A bar that is shorter shows nothing.
const SHORTEST_BAR: u16 = 8;
/// What remains of other resources is left out after what a narrow table has for comfort, and
/// before what else a wide one is for: see [`Head::spare`].
const REST: u8 = 5;
/// A bar that is longer shows nothing more.
const LONGEST_BAR: u16 = 40;

impl Column {
    pub(super) fn is_text(self) -> bool {
        matches!(
            self,
            Self::Namespace
                | Self::Name
                | Self::State
                | Self::Why
                | Self::Whose
                | Self::Phase
                | Self::Target
                | Self::Metric
                | Self::Status
        )
    }

    /// Whether rows can be sorted by it.
    pub(super) fn sorts(self) -> bool {
        !matches!(self, Self::Bar(_) | Self::Why | Self::Range | Self::Metric)
    }

    /// The same for another resource.
    pub(super) fn of_resource(self, number: usize) -> Self {
        match self {
            Self::Sum(figure, _) => Self::Sum(figure, number),
            Self::Percent(_) => Self::Percent(number),
            Self::Request(_) => Self::Request(number),
            other => other,
        }
    }
}

impl Figure {
    fn head(self) -> (&'static str, Option<char>, u8) {
        match self {
            Self::Alloc => ("ALLOC", Some('a'), 6),
            Self::Others => ("OTHERS", Some('o'), 4),
            Self::Own => ("OPP", Some('i'), 2),
            Self::Remain => ("REMAIN", Some('r'), 0),
            Self::Free => ("FREE", None, 4),
        }
    }
}

impl Table<'_> {
    /// Every column there is for this table.
    pub(super) fn all(&self) -> Vec<Head> {
        let mut heads = Vec::new();
        match self.view {
            View::Nodes { .. } => {
                heads.push(self.name("NODE"));
                heads.push(text(Column::State, "STATE", Some('t'), 8, 3));
                self.sums(&mut heads);
                heads.push(number(Column::Slots, "SLOTS", Some('s'), 5, 1));
                heads.push(number(Column::Pods, "PODS", Some('p'), 7, 8));
                if self.wide {
                    heads.push(Head { wish: 60, ..text(Column::Why, "WHY", None, 12, 4) });
                }
            }
            View::Pools => {
                heads.push(self.name("POOL"));
                heads.push(number(Column::Nodes, "NODES", Some('t'), 7, 3));
                self.sums(&mut heads);
                heads.push(number(Column::Slots, "SLOTS", Some('s'), 6, 1));
                heads.push(number(Column::Pods, "PODS", Some('p'), 9, 8));
            }
            View::OnNode { .. } if self.knows_pods => {
                heads.push(self.namespace());
                heads.push(self.name("POD"));
                heads.push(text(Column::Whose, "WHOSE", Some('t'), 6, 4));
                for (at, resource) in self.resources.iter().enumerate() {
                    let title = short_name(resource);
                    let letter = letter_of(resource);
                    let spare = if at == self.focus { 0 } else { 5 + at.min(4) as u8 };
                    heads.push(number(Column::Request(at), &title, letter, AMOUNT, spare));
                }
                heads.push(text(Column::Phase, "PHASE", None, 9, 3));
                heads.push(number(Column::Age, "AGE", None, 5, 4));
            }
            View::Namespaces => {
                heads.push(self.name("NAMESPACE"));
                self.shares(&mut heads);
            }
            View::Workloads { .. } | View::OnNode { .. } => {
                heads.push(self.namespace());
                heads.push(self.name("WORKLOAD"));
                self.shares(&mut heads);
            }
            View::Places { .. } => {
                heads.push(self.name("NODE"));
                self.shares(&mut heads);
            }
            View::Hpas => {
                heads.push(self.namespace());
                heads.push(self.name("HPA"));
                heads.push(Head { wish: 20, ..text(Column::Target, "TARGET", Some('t'), 10, 7) });
                heads.push(number(Column::Replicas, "REPLICAS", Some('r'), 9, 0));
                heads.push(number(Column::Range, "MIN/MAX", None, 7, 6));
                heads.push(number(Column::Scaled, "SCALED", None, 6, 5));
                heads.push(Head { wish: 24, ..text(Column::Status, "STATUS", Some('s'), 8, 1) });
                heads.push(Head { wish: 40, ..text(Column::Metric, "METRIC", None, 12, 2) });
            }
        }
        heads
    }

    /// The columns that fit into `width`.
    pub(super) fn within(&self, width: u16) -> Columns {
        let mut heads = self.all();
        let mut hidden = Vec::new();
        while width_of(&heads) > width {
            let Some(spare) = heads.iter().map(|head| head.spare).max().filter(|s| *s > 0) else {
                break;
            };
            let at = heads.iter().rposition(|head| head.spare == spare);
            hidden.extend(at.map(|at| heads.remove(at)).map(|head| match head.column {
                // Its heading is the resource's name, which others have too.
                Column::Bar(_) => "bar".to_owned(),
                _ => head.title,
            }));
        }
        let mut over = width.saturating_sub(width_of(&heads));
        // Names first, then what else would like to be wider, and bars last.
        for bars in [false, true] {
            for head in &mut heads {
                if matches!(head.column, Column::Bar(_)) == bars {
                    let more = head.wish.saturating_sub(head.width).min(over);
                    head.width += more;
                    over -= more;
                }
            }
        }
        let mut short = width_of(&heads).saturating_sub(width);
        for head in heads.iter_mut().filter(|head| head.column == Column::Name) {
            // Better a cut name than a cut figure.
            let less = head.width.saturating_sub(4).min(short);
            head.width -= less;
            short -= less;
        }
        Columns { heads, hidden }
    }

    fn name(&self, title: &str) -> Head {
        // With room for the arrow of what is sorted.
        let wish = self.longest.0.max(title.len() as u16 + 1);
        Head { wish, ..text(Column::Name, title, Some('n'), wish.min(SHORTEST_NAME), 0) }
    }

    fn namespace(&self) -> Head {
        let wish = self.longest.1.max(10);
        Head { wish, ..text(Column::Namespace, "NAMESPACE", None, wish.min(12), 2) }
    }

    /// Figures of nodes.
    fn sums(&self, heads: &mut Vec<Head>) {
        let figures: &[Figure] = match self.wide {
            true => &[Figure::Alloc, Figure::Others, Figure::Own, Figure::Remain, Figure::Free],
            false => &[Figure::Alloc, Figure::Others, Figure::Own, Figure::Remain],
        };
        for figure in figures {
            heads.push(self.sum(*figure, self.focus));
        }
        heads.push(number(Column::Percent(self.focus), "USE%", None, 4, 7));
        heads.push(self.bar());
        if self.wide {
            for at in (0..self.resources.len()).filter(|at| *at != self.focus) {
                for figure in [Figure::Others, Figure::Own, Figure::Remain] {
                    let sum = self.sum(figure, at);
                    let title = format!("{}-{}", short_name(&self.resources[at]), sum.title);
                    let width = AMOUNT.max(title.len() as u16);
                    let spare = if figure == Figure::Remain { REST } else { 12 };
                    heads.push(Head { title, width, spare, letter: None, ..sum });
                }
            }
        }
    }

    /// Figures of workloads and namespaces.
    fn shares(&self, heads: &mut Vec<Head>) {
        let figure = |figure, spare| Head { spare, ..self.sum(figure, self.focus) };
        heads.push(figure(Figure::Others, 0));
        heads.push(figure(Figure::Own, 0));
        heads.push(number(Column::Percent(self.focus), "SHARE%", None, 6, 4));
        heads.push(self.bar());
        heads.push(number(Column::Pods, "PODS", Some('p'), 6, 2));
        if self.wide {
            for at in (0..self.resources.len()).filter(|at| *at != self.focus) {
                for sum in [self.sum(Figure::Others, at), self.sum(Figure::Own, at)] {
                    let title = format!("{}-{}", short_name(&self.resources[at]), sum.title);
                    let width = AMOUNT.max(title.len() as u16);
                    heads.push(Head { title, width, spare: REST, letter: None, ..sum });
                }
            }
        }
    }

    fn sum(&self, figure: Figure, resource: usize) -> Head {
        let (title, letter, spare) = figure.head();
        number(Column::Sum(figure, resource), title, letter, AMOUNT, spare)
    }

    fn bar(&self) -> Head {
        let resource = self.resources.get(self.focus).map_or("", String::as_str);
        let (title, letter) = (short_name(resource), letter_of(resource));
        let wish = LONGEST_BAR;
        // Who asks for more columns wants figures.
        let spare = if self.wide { 11 } else { 0 };
        Head { wish, ..text(Column::Bar(self.focus), &title, letter, SHORTEST_BAR, spare) }
    }
}

/// The key that looks at a resource.
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

fn text(column: Column, title: &str, letter: Option<char>, width: u16, spare: u8) -> Head {
    Head { column, title: title.to_owned(), letter, width, wish: width, spare, right: false }
}

fn number(column: Column, title: &str, letter: Option<char>, width: u16, spare: u8) -> Head {
    let width = width.max(title.len() as u16);
    Head { right: true, ..text(column, title, letter, width, spare) }
}

fn width_of(heads: &[Head]) -> u16 {
    let gaps = heads.len().saturating_sub(1) as u16;
    heads.iter().map(|head| head.width).sum::<u16>() + gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(width: u16, longest: u16, wide: bool) -> Columns {
        let resources = ["cpu".to_owned(), "memory".to_owned()];
        let view = &View::Nodes { pool: None };
        let table = Table {
            view,
            knows_pods: true,
            wide,
            resources: &resources,
            focus: 0,
            longest: (longest, 0),
        };
        table.within(width)
    }

    fn titles(columns: &Columns) -> Vec<&str> {
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
        assert_eq!(titles(&columns), ["NODE", "OPP", "REMAIN", "CPU", "SLOTS"]);
        assert_eq!(columns.hidden, ["PODS", "USE%", "ALLOC", "OTHERS", "STATE"]);
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
        assert_eq!(columns.hidden, ["MEM-OPP", "MEM-OTHERS", "bar", "PODS", "USE%", "ALLOC"]);
        assert!(titles(&within(120, 10, true)).contains(&"CPU"), "the bar is back");
    }

    #[test]
    fn wide_shows_memory_too() {
        let columns = within(200, 10, true);
        assert!(titles(&columns).contains(&"MEM-REMAIN"), "{columns:?}");
    }
}
