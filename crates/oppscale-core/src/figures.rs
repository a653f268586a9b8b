//! The figures of `oppscale top`: one entry for each, from which every output is made.
//!
//! Tables, `-o wide`, CSV, JSON, YAML, the live screen, the keys of `--sort-by`, the help and
//! `docs/json.md` read [`FIGURES`]. A new column is one entry.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::time::Duration;

use super::resources::{Amount, CPU, MEMORY, PODS, Resources};
use super::units;
use super::view::{Row, RowKind};

/// One figure of a row `R`: how it is computed, and where and how it is shown.
#[derive(Debug)]
pub struct Figure<R: 'static = Row> {
    /// The name of its field in JSON and CSV, and its key for `--sort-by`.
    pub id: &'static str,
    /// The heading where there is room; empty where it depends on the row.
    pub heading: &'static str,
    /// The heading where there is little room, and on the live screen; empty if it is the same.
    pub short: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// The rows that have it.
    pub rows: &'static [RowKind],
    /// The outputs that show it.
    pub formats: &'static [Format],
    /// Whether rows can be sorted by it.
    pub sorts: bool,
    /// The key that sorts by it on the live screen.
    pub letter: Option<char>,
    /// The order in which narrow tables leave columns out: the greatest first, 0 never. First
    /// for tables of nodes and pools, then for those of namespaces and workloads.
    pub drop: [u8; 2],
    /// The least width on the live screen.
    pub width: u16,
    /// The width on the live screen where there is room.
    pub stretch: u16,
    /// Whether a wide live screen also shows it for the resources that are not selected.
    pub of_every_resource: bool,
    /// The value of a row.
    pub value: for<'a> fn(&'a R, &Context<'_>) -> Value<'a>,
    /// How the value of a row is emphasised.
    pub tone: fn(&R) -> Tone,
    /// What it is, for the help and the documentation.
    pub meaning: &'static str,
}

/// What the values of a figure are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text that names something or is one word.
    Text,
    /// Sentences, which stand at the end of a line.
    Sentences,
    /// True or false.
    Flag,
    /// An amount of a resource; a table has one column for each resource.
    Amount,
    /// Thousandths of an amount of a resource.
    Share,
    /// A bar that shows how the amount of a resource is divided.
    Bar,
    /// A plain number.
    Count,
    /// A number out of another one.
    CountOf,
    /// A number, and the number that it changes to.
    Change,
    /// A number of seconds since something happened.
    Age,
}

/// An output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `-o table`.
    Table,
    /// `-o wide`.
    Wide,
    /// The live screen.
    Live,
    /// The live screen after `w`.
    LiveWide,
    /// `-o json`, `-o yaml` and `-o csv`.
    Data,
    /// `-o json`, `-o yaml` and `-o csv` with `--usage`; and tables with it.
    Usage,
}

/// What a value depends on besides its row.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The resource.
    pub resource: &'a str,
    /// The allocatable resources of the usable nodes: the whole of which namespaces and
    /// workloads have a share.
    pub cluster: Option<&'a Resources>,
    /// The present, in seconds since 1970.
    pub now: i64,
}

/// A value of a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// The row has no such figure: `-`.
    Absent,
    /// The figure cannot be known: `?`.
    Unknown,
    /// Text.
    Text(Cow<'a, str>),
    /// Sentences.
    Sentences(&'a [String]),
    /// True or false.
    Flag(bool),
    /// An amount, a count, thousandths or seconds.
    Amount(Amount),
    /// A count out of a whole, or a number that changes to another; `None` is unknown.
    CountOf(Option<Amount>, Amount),
}

/// How a value is emphasised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Not at all.
    Plain,
    /// As the figure that matters most.
    Strong,
    /// As something of less importance.
    Dim,
    /// As good.
    Good,
    /// As something that needs attention.
    Warn,
    /// As bad.
    Bad,
    /// As the part of paid pods.
    Paid,
    /// As the part of the filler.
    Filler,
}

use Format::{Data, Live, LiveWide, Table, Usage, Wide};
use RowKind::{AllTotal, Namespace, Node, NodeOfWorkload, Pool, UsableTotal, Workload};

const EVERY_FORMAT: &[Format] = &[Table, Wide, Live, LiveWide, Data];
const EVERY_ROW: &[RowKind] =
    &[Node, Pool, Namespace, Workload, NodeOfWorkload, UsableTotal, AllTotal];
const SUMS_OF_NODES: &[RowKind] = &[Node, Pool, UsableTotal, AllTotal];

/// Every figure, in the order of columns and fields.
pub static FIGURES: [Figure; 17] = [
    Figure {
        id: "namespace",
        heading: "NAMESPACE",
        rows: &[Workload],
        drop: [0, 2],
        value: |row, _| text(row.namespace.as_deref()),
        meaning: "namespace of the workload",
        ..Figure::BASE
    },
    Figure {
        id: "kind",
        rows: &[Workload],
        formats: &[Data],
        sorts: false,
        value: |row, _| text(row.kind.as_deref()),
        meaning: "kind of the workload",
        ..Figure::BASE
    },
    Figure {
        id: "name",
        rows: EVERY_ROW,
        letter: Some('n'),
        value: |row, _| Value::Text(Cow::Borrowed(&row.name)),
        meaning: "name of the node, pool, namespace or workload",
        ..Figure::BASE
    },
    Figure {
        id: "usable",
        kind: Kind::Flag,
        rows: &[Node],
        formats: &[Data],
        sorts: false,
        value: |row, _| row.usable.map_or(Value::Unknown, Value::Flag),
        meaning: "whether opportunistic pods may use the node",
        ..Figure::BASE
    },
    Figure {
        id: "state",
        heading: "STATE",
        rows: &[Node],
        letter: Some('t'),
        drop: [3, 0],
        width: 8,
        value: |row, _| text(row.state),
        tone: |row| if row.usable == Some(true) { Tone::Plain } else { Tone::Warn },
        meaning: "Ready, or why the node is not usable, in one word",
        ..Figure::BASE
    },
    Figure {
        id: "reasons",
        heading: "WHY",
        kind: Kind::Sentences,
        rows: &[Node],
        formats: &[Wide, LiveWide, Data],
        sorts: false,
        drop: [4, 0],
        width: 12,
        stretch: 60,
        value: |row, _| Value::Sentences(&row.reasons),
        tone: |_| Tone::Dim,
        meaning: "why the node is not usable",
        ..Figure::BASE
    },
    Figure {
        id: "nodes",
        heading: "NODES",
        kind: Kind::CountOf,
        rows: &[Pool],
        letter: Some('t'),
        drop: [3, 0],
        width: 5,
        value: |row, _| {
            row.nodes.map_or(Value::Unknown, |(usable, all)| {
                Value::CountOf(Some(usable as Amount), all as Amount)
            })
        },
        tone: |row| match row.nodes {
            Some((usable, all)) if usable < all => Tone::Warn,
            _ => Tone::Plain,
        },
        meaning: "nodes of the pool: the usable ones, and all",
        ..Figure::BASE
    },
    Figure {
        id: "allocatable",
        heading: "ALLOCATABLE",
        short: "ALLOC",
        rows: SUMS_OF_NODES,
        letter: Some('a'),
        drop: [6, 0],
        value: |row, context| available(row, row.allocatable.as_ref(), context),
        meaning: "status.allocatable of the nodes",
        ..Figure::AMOUNT
    },
    Figure {
        id: "others",
        heading: "OTHERS",
        rows: EVERY_ROW,
        letter: Some('o'),
        drop: [4, 0],
        of_every_resource: true,
        value: |row, context| amount(row.paid.as_ref(), context),
        meaning: "requests of paid pods: all that are not opportunistic",
        ..Figure::AMOUNT
    },
    Figure {
        id: "opportunistic",
        heading: "OPPORTUNISTIC",
        short: "FILLER",
        rows: EVERY_ROW,
        letter: Some('i'),
        drop: [2, 0],
        // Room for the arrow of the column beside it.
        width: AMOUNT_WIDTH + 1,
        of_every_resource: true,
        value: |row, context| amount(row.opportunistic.as_ref(), context),
        tone: |_| Tone::Filler,
        meaning: "requests of opportunistic pods",
        ..Figure::AMOUNT
    },
    Figure {
        id: "remaining",
        heading: "REMAINING",
        short: "REMAIN",
        rows: &[Node, Pool, UsableTotal],
        letter: Some('r'),
        of_every_resource: true,
        value: |row, context| available(row, row.remaining.as_ref(), context),
        tone: |_| Tone::Strong,
        meaning: "allocatable less paid requests; a sum over usable nodes",
        ..Figure::AMOUNT
    },
    Figure {
        id: "free",
        heading: "FREE",
        rows: &[Node, Pool, UsableTotal],
        formats: &[Wide, LiveWide, Data],
        drop: [4, 0],
        value: |row, context| available(row, row.free.as_ref(), context),
        meaning: "allocatable less all requests; a sum over the same nodes",
        ..Figure::AMOUNT
    },
    Figure {
        id: "usage",
        heading: "USAGE",
        rows: EVERY_ROW,
        formats: &[Usage],
        drop: [9, 9],
        value: |row, context| match &row.usage {
            // metrics.k8s.io measures nothing else.
            Some(usage) if matches!(context.resource, CPU | MEMORY) => {
                Value::Amount(usage.get(context.resource))
            }
            _ => Value::Absent,
        },
        meaning: "what is used now, from metrics.k8s.io (with --usage)",
        ..Figure::AMOUNT
    },
    Figure {
        id: "share",
        short: "REQ%",
        kind: Kind::Share,
        rows: EVERY_ROW,
        formats: &[Live, LiveWide],
        drop: [7, 4],
        width: 4,
        value: |row, context| share(row, context).map_or(Value::Unknown, Value::Amount),
        meaning: "requests in percent of allocatable",
        ..Figure::BASE
    },
    Figure {
        id: "bar",
        kind: Kind::Bar,
        rows: EVERY_ROW,
        formats: &[Live, LiveWide],
        sorts: false,
        width: 7,
        stretch: 40,
        meaning: "requests of paid and of opportunistic pods, and what is free",
        ..Figure::BASE
    },
    Figure {
        id: "slots",
        heading: "SLOTS",
        kind: Kind::Count,
        rows: SUMS_OF_NODES,
        letter: Some('s'),
        drop: [1, 0],
        width: 5,
        value: |row, _| row.slots.map_or(Value::Unknown, Value::Amount),
        meaning: "replicas that fit beside the paid pods",
        ..Figure::BASE
    },
    Figure {
        id: "pods",
        heading: "PODS",
        kind: Kind::CountOf,
        rows: EVERY_ROW,
        formats: &[Table, Wide, Live, LiveWide],
        letter: Some('p'),
        drop: [8, 2],
        width: 7,
        value: |row, _| match (&row.allocatable, row.pods()) {
            (Some(allocatable), pods) => Value::CountOf(pods, allocatable.get(PODS)),
            (None, pods) => pods.map_or(Value::Unknown, Value::Amount),
        },
        meaning: "pods, and how many pods the nodes take",
        ..Figure::BASE
    },
];

/// The width of an amount on the live screen, see [`units::amount`].
const AMOUNT_WIDTH: u16 = 6;

/// The figure with this id, or with the alias `node` of `name`.
pub fn find(id: &str) -> Option<&'static Figure> {
    let id = if id == "node" { "name" } else { id };
    FIGURES.iter().find(|figure| figure.id == id)
}

/// The keys of `--sort-by`.
pub fn sort_keys() -> impl Iterator<Item = &'static Figure> {
    let is_key = |figure: &&Figure| {
        let is_printed = |format: &Format| !matches!(format, Live | LiveWide);
        // Names are sorted by their namespaces first.
        figure.sorts && figure.id != "namespace" && figure.formats.iter().any(is_printed)
    };
    FIGURES.iter().filter(is_key)
}

/// The figures of rows of this kind in this format.
pub fn shown(
    kind: RowKind,
    format: Format,
    with_usage: bool,
) -> impl Iterator<Item = &'static Figure> {
    FIGURES.iter().filter(move |figure| {
        let is_shown = figure.formats.contains(&format)
            || with_usage && figure.formats.contains(&Usage) && !matches!(format, Live | LiveWide);
        is_shown && figure.rows.contains(&kind)
    })
}

/// The columns of a table or of CSV: each figure, and the resource that it is of.
pub fn columns<'r>(
    kind: RowKind,
    format: Format,
    with_usage: bool,
    resources: impl Iterator<Item = &'r String>,
) -> Vec<(&'static Figure, Option<&'r str>)> {
    let (of_resource, paid): (Vec<_>, Vec<_>) =
        shown(kind, format, with_usage).partition(|figure| figure.is_of_resource());
    let position = |figure: &Figure| FIGURES.iter().position(|other| other.id == figure.id);
    let first = of_resource.first().and_then(|figure| position(figure));
    let mut columns: Vec<_> = paid.into_iter().map(|figure| (figure, None)).collect();
    let at = columns.partition_point(|(figure, _)| position(figure) < first);
    let amounts = resources
        .flat_map(|resource| of_resource.iter().map(move |f| (*f, Some(resource.as_str()))));
    let amounts: Vec<_> = amounts.collect();
    columns.splice(at..at, amounts);
    if format != Data {
        columns.sort_by_key(|(figure, _)| figure.kind == Kind::Sentences);
    }
    columns
}

impl Kind {
    /// The value as people read it: short, or to the last digit.
    pub fn text<'v>(self, value: &'v Value<'_>, resource: &str, is_exact: bool) -> Cow<'v, str> {
        Cow::Owned(match (value, self) {
            (Value::Absent, _) => return Cow::Borrowed("-"),
            (Value::Unknown, _) => return Cow::Borrowed("?"),
            (Value::Text(text), _) => return Cow::Borrowed(text),
            (Value::Sentences(sentences), _) => sentences.join("; "),
            (Value::Flag(flag), _) => flag.to_string(),
            (Value::Amount(amount), Self::Amount) if is_exact => {
                units::exact_amount(resource, *amount)
            }
            (Value::Amount(amount), Self::Amount) => units::amount(resource, *amount),
            (Value::Amount(per_mille), Self::Share) => per_mille.div_euclid(10).to_string(),
            (Value::Amount(seconds), Self::Age) => {
                units::age(Duration::from_secs(u64::try_from(*seconds).unwrap_or(0)))
            }
            (Value::Amount(count), _) => count.to_string(),
            (Value::CountOf(Some(from), to), Self::Change) if from == to => to.to_string(),
            (Value::CountOf(Some(from), to), Self::Change) => format!("{from}→{to}"),
            (Value::CountOf(Some(part), whole), _) => format!("{part}/{whole}"),
            (Value::CountOf(None, whole), _) => format!("?/{whole}"),
        })
    }
}

impl<R> Figure<R> {
    /// Text in every format.
    pub const BASE: Self = Self {
        id: "",
        heading: "",
        short: "",
        kind: Kind::Text,
        rows: &[],
        formats: EVERY_FORMAT,
        sorts: true,
        letter: None,
        drop: [0, 0],
        width: 0,
        stretch: 0,
        of_every_resource: false,
        value: |_, _| Value::Absent,
        tone: |_| Tone::Plain,
        meaning: "",
    };
    /// An amount in every format.
    pub const AMOUNT: Self = Self { kind: Kind::Amount, width: AMOUNT_WIDTH, ..Self::BASE };

    /// How the value of `row` is emphasised.
    pub fn tone_of(&self, row: &R, value: &Value<'_>) -> Tone {
        match (value, (self.tone)(row)) {
            (Value::Absent, _) => Tone::Dim,
            (Value::Unknown | Value::CountOf(None, _), _) => Tone::Warn,
            (Value::Amount(amount), _) if *amount < 0 => Tone::Bad,
            (Value::Amount(0), Tone::Filler) => Tone::Plain,
            (_, tone) => tone,
        }
    }

    /// Whether the column is aligned to the left, and sorted from A on.
    pub fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Text | Kind::Sentences | Kind::Bar)
    }

    /// Whether its values are of one resource.
    pub fn is_of_resource(&self) -> bool {
        matches!(self.kind, Kind::Amount | Kind::Share | Kind::Bar)
    }
}

impl Figure {
    /// The value of `row`; absent where rows of its kind do not have the figure.
    pub fn of<'a>(&self, row: &'a Row, context: &Context<'_>) -> Value<'a> {
        if self.rows.contains(&row.row_kind) { (self.value)(row, context) } else { Value::Absent }
    }

    /// The heading over rows of this kind, the long or the short one.
    pub fn heading(&self, kind: RowKind, is_short: bool) -> &'static str {
        match (self.id, is_short) {
            ("name", _) => kind.heading(),
            ("share", _) if !kind.is_of_nodes() => "SHARE%",
            (_, true) if !self.short.is_empty() => self.short,
            _ => self.heading,
        }
    }
}

impl Value<'_> {
    /// Compares two values. Those that are not known come last either way.
    pub fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let order = match (self.rank(), other.rank()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Greater,
            (Some(_), None) => return Ordering::Less,
            (Some(a), Some(b)) => a.cmp(&b),
        };
        if descending { order.reverse() } else { order }
    }

    fn rank(&self) -> Option<(Amount, &str)> {
        match self {
            Self::Text(text) => Some((0, text)),
            Self::Flag(flag) => Some((Amount::from(*flag), "")),
            Self::Amount(amount) | Self::CountOf(Some(amount), _) => Some((*amount, "")),
            Self::Absent | Self::Unknown | Self::Sentences(_) | Self::CountOf(None, _) => None,
        }
    }

    /// The number, if it is one.
    pub fn number(&self) -> Option<Amount> {
        match self {
            Self::Amount(amount) | Self::CountOf(Some(amount), _) => Some(*amount),
            _ => None,
        }
    }
}

fn text(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::Unknown, |text| Value::Text(Cow::Borrowed(text)))
}

fn amount(resources: Option<&Resources>, context: &Context<'_>) -> Value<'static> {
    resources.map_or(Value::Unknown, |resources| Value::Amount(resources.get(context.resource)))
}

/// As [`amount`], unless the resource of the row is unknown.
fn available(row: &Row, resources: Option<&Resources>, context: &Context<'_>) -> Value<'static> {
    let is_unknown = row.unknown.iter().any(|name| **name == *context.resource);
    amount(resources.filter(|_| !is_unknown), context)
}

/// Requests in thousandths of what there is: on the nodes of the row, or on all usable ones.
fn share(row: &Row, context: &Context<'_>) -> Option<Amount> {
    let whole = match row.usable {
        Some(_) => row.allocatable.as_ref(),
        None => context.cluster,
    };
    let whole = whole?.get(context.resource);
    let requested = row.paid.as_ref()?.get(context.resource)
        + row.opportunistic.as_ref()?.get(context.resource);
    (whole > 0).then(|| (requested * 1000).div_euclid(whole))
}
