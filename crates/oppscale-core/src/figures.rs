//! The figures of `oppscale top`: one entry for each, from which every output is made.
//!
//! Tables, `-o wide`, CSV, JSON, YAML, the live screen, the keys of `--sort-by`, the help and
//! `docs/json.md` read [`FIGURES`]. A new column of what a row has is one entry; a
//! new sum also needs a field of [`crate::view::Row`].

use std::borrow::Cow;
use std::cmp::Ordering;
use std::time::Duration;

use super::nearest::nearest;
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
    /// Type of its values.
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
    /// Emphasis of a row's value.
    pub tone: fn(&R) -> Tone,
    /// Its meaning, for help and documentation.
    pub meaning: &'static str,
}

/// Type of a figure's values.
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
    /// An amount of a resource out of another one.
    AmountOf,
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
    /// Every output with `--limits`.
    Limits,
    /// Tables with `--available`.
    Available,
}

/// The figures that a command line chooses.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Whether usage was read.
    pub usage: bool,
    /// Whether limits and capacity are shown.
    pub limits: bool,
    /// Whether each resource has what is free, out of all, instead of its other amounts.
    pub available: bool,
    /// Whether amounts are in percent of allocatable, too.
    pub percent: bool,
    /// The columns, where they were named.
    pub columns: Option<Vec<ColumnKey>>,
}

/// A column as one names it: `[RESOURCE.]FIGURE[%]`.
#[derive(Debug, Clone)]
pub struct ColumnKey {
    /// The figure.
    pub figure: &'static Figure,
    /// The resource; every one that is shown, or the first one, if it is left out.
    pub resource: Option<String>,
    /// Whether it is in percent of allocatable.
    pub percent: bool,
}

/// A column of a table or of CSV.
#[derive(Debug, Clone, Copy)]
pub struct Column<'r> {
    /// The figure.
    pub figure: &'static Figure,
    /// The resource that it is of.
    pub resource: Option<&'r str>,
    /// Format of its amounts.
    pub form: AmountStyle,
}

/// Format of amounts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AmountStyle {
    /// As amounts.
    #[default]
    Absolute,
    /// In percent of allocatable.
    Percent,
    /// Both: `12.5 (39%)`.
    Both,
}

/// Context that a value depends on besides its row.
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

/// Emphasis of a value.
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

use Format::{Available, Data, Limits, Live, LiveWide, Table, Usage, Wide};
use RowKind::{
    AllTotal, Container, Filler, Namespace, Node, NodeOfWorkload, Pod, Pool, Resource, RowsTotal,
    UsableTotal, Workload,
};

const EVERY_FORMAT: &[Format] = &[Table, Wide, Live, LiveWide, Data];
const EVERY_ROW: &[RowKind] = &[
    Node,
    Pool,
    Namespace,
    Workload,
    Pod,
    Container,
    NodeOfWorkload,
    Resource,
    UsableTotal,
    AllTotal,
    RowsTotal,
];
const SUMS_OF_NODES: &[RowKind] = &[Node, Pool, Resource, UsableTotal, AllTotal];
const PODS_AND_CONTAINERS: &[RowKind] = &[Pod, Container];

/// Every figure, in the order of columns and fields.
pub static FIGURES: &[Figure] = &[
    Figure {
        id: "namespace",
        heading: "NAMESPACE",
        rows: &[Workload, Pod, Container, Filler],
        drop: [0, 2],
        value: |row, _| text(row.namespace.as_deref()),
        meaning: "namespace of the workload or pod",
        ..Figure::BASE
    },
    Figure {
        id: "kind",
        rows: &[Workload, Filler],
        formats: &[Data],
        sorts: false,
        value: |row, _| text(row.kind.as_deref()),
        meaning: "kind of the workload",
        ..Figure::BASE
    },
    Figure {
        id: "pod",
        heading: "POD",
        rows: &[Container],
        value: |row, _| text(row.pod.as_deref()),
        meaning: "pod of the container",
        ..Figure::BASE
    },
    Figure {
        id: "name",
        rows: &[
            Node,
            Pool,
            Namespace,
            Workload,
            Pod,
            Container,
            Filler,
            NodeOfWorkload,
            Resource,
            UsableTotal,
            AllTotal,
            RowsTotal,
        ],
        letter: Some('n'),
        value: |row, _| Value::Text(Cow::Borrowed(&row.name)),
        meaning: "name of the node, pool, namespace, workload, pod, container or filler",
        ..Figure::BASE
    },
    Figure {
        id: "type",
        heading: "TYPE",
        rows: &[Container],
        drop: [0, 5],
        value: |row, _| text(row.role),
        meaning: "app, init or sidecar",
        ..Figure::BASE
    },
    Figure {
        id: "node",
        heading: "NODE",
        rows: PODS_AND_CONTAINERS,
        drop: [0, 3],
        value: |row, _| optional(row.node.as_deref()),
        meaning: "node of the pod",
        ..Figure::BASE
    },
    Figure {
        id: "owner",
        heading: "OWNER",
        rows: PODS_AND_CONTAINERS,
        drop: [0, 8],
        value: |row, _| optional(row.owner.as_deref()),
        meaning: "workload of the pod",
        ..Figure::BASE
    },
    Figure {
        id: "phase",
        heading: "PHASE",
        rows: PODS_AND_CONTAINERS,
        formats: &[Wide, Data],
        value: |row, _| optional(row.phase.as_deref()),
        meaning: "phase of the pod",
        ..Figure::BASE
    },
    Figure {
        id: "priority",
        heading: "PRIORITY",
        kind: Kind::Count,
        rows: PODS_AND_CONTAINERS,
        drop: [0, 7],
        value: |row, _| row.priority.map_or(Value::Absent, |p| Value::Amount(p.into())),
        meaning: "priority of the pod",
        ..Figure::BASE
    },
    Figure {
        id: "qos",
        heading: "QOS",
        rows: PODS_AND_CONTAINERS,
        drop: [0, 6],
        value: |row, _| optional(row.qos),
        meaning: "QoS class of the pod",
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
        rows: &[Node, Filler],
        formats: &[Wide, LiveWide, Data],
        sorts: false,
        drop: [4, 0],
        width: 12,
        stretch: 60,
        value: |row, _| Value::Sentences(&row.reasons),
        tone: |_| Tone::Dim,
        meaning: "why the node is not usable, or what limits the filler",
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
        id: "capacity",
        heading: "CAPACITY",
        short: "CAP",
        rows: SUMS_OF_NODES,
        formats: &[Limits],
        drop: [9, 9],
        value: |row, context| amount(row.capacity.as_ref(), context),
        meaning: "status.capacity of the nodes (with --limits)",
        ..Figure::AMOUNT
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
        id: "requests",
        heading: "REQUESTS",
        rows: EVERY_ROW,
        formats: &[Data],
        value: |row, context| amount(row.requests().as_ref(), context),
        meaning: "requests of all pods: others and opportunistic",
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
        id: "limits",
        heading: "LIMITS",
        rows: EVERY_ROW,
        formats: &[Wide, LiveWide, Limits],
        drop: [5, 5],
        // Room for the arrow of the column beside it.
        width: AMOUNT_WIDTH + 1,
        value: |row, context| amount(row.limits.as_ref(), context),
        meaning: "limits of all pods; containers without one have none (with --limits)",
        ..Figure::AMOUNT
    },
    Figure {
        id: "remaining",
        heading: "REMAINING",
        short: "REMAIN",
        rows: &[Node, Pool, Resource, UsableTotal],
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
        rows: &[Node, Pool, Resource, UsableTotal],
        formats: &[Wide, LiveWide, Data],
        drop: [4, 0],
        value: |row, context| available(row, row.free.as_ref(), context),
        meaning: "allocatable less all requests; a sum over the same nodes",
        ..Figure::AMOUNT
    },
    Figure {
        id: "available",
        heading: "FREE/ALL",
        kind: Kind::AmountOf,
        rows: SUMS_OF_NODES,
        formats: &[Available],
        sorts: false,
        value: |row, context| {
            let free = available(row, row.free.as_ref(), context).number();
            match available(row, row.allocatable.as_ref(), context) {
                Value::Amount(all) => Value::CountOf(free, all),
                value => value,
            }
        },
        meaning: "what no pod requests, out of allocatable (with --available)",
        ..Figure::BASE
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
        heading: "REQ%",
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
        id: "fit",
        heading: "FIT",
        kind: Kind::Count,
        rows: &[Filler],
        value: |row, _| row.fit.map_or(Value::Absent, Value::Amount),
        tone: |_| Tone::Strong,
        meaning: "replicas that the filler may have in all, which its HPA scales to",
        ..Figure::BASE
    },
    Figure {
        id: "running",
        heading: "HAS",
        kind: Kind::Count,
        rows: &[Filler],
        value: |row, _| row.running.map_or(Value::Absent, Value::Amount),
        meaning: "replicas that the filler has on nodes, without those that are being deleted",
        ..Figure::BASE
    },
    Figure {
        id: "sharePercent",
        heading: "SHARE%",
        kind: Kind::Count,
        rows: &[Filler],
        value: |row, _| row.share_percent.map_or(Value::Absent, Value::Amount),
        meaning: "largest part of any allocatable resource that those replicas request, in percent",
        ..Figure::BASE
    },
    Figure {
        id: "limitedBy",
        heading: "LIMITED BY",
        rows: &[Filler],
        value: |row, _| text(row.limited_by.as_deref()),
        tone: |row| if row.fit.is_none() { Tone::Warn } else { Tone::Plain },
        meaning: "what stops its next replica: slots, a resource, hole, max-replicas, max-share, \
                  idle-cpu, next-sync (what its HPA can take up at its next sync) or held",
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
        rows: &[
            Node,
            Pool,
            Namespace,
            Workload,
            NodeOfWorkload,
            Resource,
            UsableTotal,
            AllTotal,
            RowsTotal,
        ],
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

/// The figure with this id.
pub fn find(id: &str) -> Option<&'static Figure> {
    FIGURES.iter().find(|figure| figure.id == id)
}

/// The keys of `--sort-by`.
pub fn sort_keys() -> impl Iterator<Item = &'static Figure> + Clone {
    let is_key = |figure: &&Figure| {
        let is_printed = |format: &Format| !matches!(format, Live | LiveWide);
        // Names are sorted by their namespaces first.
        figure.sorts && figure.id != "namespace" && figure.formats.iter().any(is_printed)
    };
    FIGURES.iter().filter(is_key)
}

/// The figures of rows of these kinds in this format, of the usual ones.
pub fn shown(
    kinds: &[RowKind],
    format: Format,
    choice: &Choice,
) -> impl Iterator<Item = &'static Figure> {
    let is_live = matches!(format, Live | LiveWide);
    FIGURES.iter().filter(move |figure| {
        let is_usual = match choice.available && figure.kind == Kind::Amount && format != Data {
            // They stand in one column with what is free.
            true => figure.id == "usage" && choice.usage,
            false => figure.formats.contains(&format),
        };
        let is_asked = choice.usage && figure.formats.contains(&Usage)
            || choice.limits && figure.formats.contains(&Limits)
            || choice.available && figure.formats.contains(&Available) && format != Data;
        (is_usual || is_asked && !is_live) && kinds.iter().any(|kind| figure.rows.contains(kind))
    })
}

/// The columns of a table or of CSV.
pub fn columns<'r>(
    kinds: &[RowKind],
    format: Format,
    choice: &'r Choice,
    resources: impl Iterator<Item = &'r String> + Clone,
) -> Vec<Column<'r>> {
    if let Some(keys) = &choice.columns {
        return keys.iter().flat_map(|key| key.columns(resources.clone())).collect();
    }
    let (of_resource, rest): (Vec<_>, Vec<_>) =
        shown(kinds, format, choice).partition(|figure| figure.is_of_resource());
    let position = |figure: &Figure| FIGURES.iter().position(|other| other.id == figure.id);
    let first = of_resource.first().and_then(|figure| position(figure));
    let plain = |figure| Column { figure, resource: None, form: AmountStyle::Absolute };
    let mut columns: Vec<_> = rest.into_iter().map(plain).collect();
    let at = columns.partition_point(|column| position(column.figure) < first);
    let amounts = resources.flat_map(|resource| {
        of_resource.iter().flat_map(move |figure| {
            let column = |form| Column { figure, resource: Some(resource.as_str()), form };
            let (first, second) = match (choice.percent && figure.has_percent(), format) {
                (false, _) => (AmountStyle::Absolute, None),
                (true, Data) => (AmountStyle::Absolute, Some(AmountStyle::Percent)),
                (true, _) => (AmountStyle::Both, None),
            };
            std::iter::once(first).chain(second).map(column)
        })
    });
    let amounts: Vec<_> = amounts.collect();
    columns.splice(at..at, amounts);
    if format != Data {
        columns.sort_by_key(|column| column.figure.kind == Kind::Sentences);
    }
    columns
}

impl ColumnKey {
    /// Reads `[RESOURCE.]FIGURE[%]`, where the figure is one of `known`.
    ///
    /// # Errors
    /// With a sentence that names the nearest figure, or what cannot be in percent.
    pub fn parse(
        text: &str,
        known: impl Iterator<Item = &'static Figure> + Clone,
    ) -> Result<Self, String> {
        let (name, percent) = match text.strip_suffix('%') {
            Some(name) => (name, true),
            None => (text, false),
        };
        let (resource, id) = match name.rsplit_once('.') {
            Some((resource, id)) if !resource.is_empty() => (Some(resource), id),
            _ => (None, name),
        };
        let id = id.to_ascii_lowercase();
        let Some(figure) = known.clone().find(|figure| figure.id.eq_ignore_ascii_case(&id)) else {
            let ids: Vec<_> = known.map(|figure| figure.id).collect();
            let (last, rest) = ids.split_last().map_or(("", &[][..]), |(last, rest)| (*last, rest));
            let near = nearest(&id, ids.iter().copied());
            let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            return Err(format!("expected {} or {last}{near}", rest.join(", ")));
        };
        if resource.is_some() && !figure.is_of_resource() {
            return Err(format!("{id} is not of a resource"));
        }
        if percent && !figure.has_percent() {
            return Err(format!("{id} is not a part of allocatable, so it has no percentage"));
        }
        Ok(Self { figure, resource: resource.map(str::to_owned), percent })
    }

    /// The columns: of its resource, or of each of `resources`.
    pub fn columns<'r>(&'r self, resources: impl Iterator<Item = &'r String>) -> Vec<Column<'r>> {
        let form = if self.percent { AmountStyle::Percent } else { AmountStyle::Absolute };
        let column = |resource| Column { figure: self.figure, resource, form };
        match (&self.resource, self.figure.is_of_resource()) {
            (_, false) => vec![column(None)],
            (Some(resource), true) => vec![column(Some(resource))],
            (None, true) => resources.map(|resource| column(Some(resource.as_str()))).collect(),
        }
    }
}

impl Column<'_> {
    /// The value of `row`: an amount, or thousandths of allocatable if it is written in percent.
    pub fn of<'a>(&self, row: &'a Row, context: &Context<'_>) -> Value<'a> {
        let resource = self.resource.unwrap_or(context.resource);
        let context = Context { resource, ..*context };
        match self.form {
            AmountStyle::Percent => self.percent_of(row, &context),
            AmountStyle::Absolute | AmountStyle::Both => self.figure.of(row, &context),
        }
    }

    /// The value of `row` as people read it.
    pub fn text(&self, row: &Row, context: &Context<'_>, is_exact: bool) -> String {
        let resource = self.resource.unwrap_or(context.resource);
        let resource = row.resource.as_deref().unwrap_or(resource);
        let context = Context { resource, ..*context };
        let value = self.figure.of(row, &context);
        let amount = || self.figure.kind.text(&value, resource, is_exact).into_owned();
        match (self.form, self.percent_of(row, &context)) {
            (AmountStyle::Absolute, _) => amount(),
            (AmountStyle::Percent, Value::Amount(per_mille)) => percent_text(per_mille),
            (AmountStyle::Percent, value) => Kind::Count.text(&value, "", is_exact).into_owned(),
            (AmountStyle::Both, Value::Amount(per_mille)) => {
                format!("{} ({})", amount(), percent_text(per_mille))
            }
            (AmountStyle::Both, _) => amount(),
        }
    }

    fn percent_of(&self, row: &Row, context: &Context<'_>) -> Value<'static> {
        match self.figure.of(row, context) {
            Value::Amount(amount) => match whole(row, context).filter(|whole| *whole > 0) {
                Some(whole) => Value::Amount((amount * 1000).div_euclid(whole)),
                None => Value::Absent,
            },
            Value::Unknown => Value::Unknown,
            _ => Value::Absent,
        }
    }
}

fn percent_text(per_mille: Amount) -> String {
    format!("{}%", per_mille.div_euclid(10))
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
            (Value::CountOf(part, whole), Self::AmountOf) => {
                let text = if is_exact { units::exact_amount } else { units::amount };
                let part = part.map_or("?".to_owned(), |part| text(resource, part));
                format!("{part}/{}", text(resource, *whole))
            }
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
        matches!(self.kind, Kind::Amount | Kind::AmountOf | Kind::Share | Kind::Bar)
    }

    /// Whether its amounts are parts of allocatable.
    pub fn has_percent(&self) -> bool {
        self.kind == Kind::Amount && !matches!(self.id, "allocatable" | "capacity")
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

/// Text that a row may be without.
fn optional(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::Absent, |text| Value::Text(Cow::Borrowed(text)))
}

/// What percentages of a row are parts of: allocatable of its nodes, or of all usable ones.
fn whole(row: &Row, context: &Context<'_>) -> Option<Amount> {
    let whole = match row.row_kind.is_of_nodes() {
        true => row.allocatable.as_ref(),
        false => row.allocatable.as_ref().or(context.cluster),
    };
    Some(whole?.get(context.resource))
}

/// Requests in thousandths of what there is: on the nodes of the row, or on all usable ones.
fn share(row: &Row, context: &Context<'_>) -> Option<Amount> {
    let whole = whole(row, context)?;
    let requested = row.requests()?.get(context.resource);
    (whole > 0).then(|| (requested * 1000).div_euclid(whole))
}
