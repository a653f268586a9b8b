//! The rows of a table, whatever they stand for.

use oppscale_core::resources::{Amount, Resources};
use oppscale_core::view::Row;

use super::ask::hpas::HpaItem;
use super::ask::pods::PodItem;
use super::column::{Column, Figure};
use super::order::Value;

/// What stands for an unknown figure.
pub(super) const UNKNOWN: &str = "?";

/// The rows of a table.
#[derive(Debug, Clone, Default)]
pub(super) enum Items {
    /// Not known yet.
    #[default]
    Unknown,
    Rows(Vec<Row>),
    Pods(Vec<PodItem>),
    Hpas(Vec<HpaItem>),
}

/// What makes a row the same as one of an older table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) namespace: String,
    pub(super) kind: String,
    pub(super) name: String,
}

/// What rows are measured against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure<'a> {
    pub(super) resources: &'a [String],
    /// What the cluster offers, where rows have nothing of their own.
    pub(super) whole: Option<&'a Resources>,
}

impl Items {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Unknown => 0,
            Self::Rows(rows) => rows.len(),
            Self::Pods(pods) => pods.len(),
            Self::Hpas(hpas) => hpas.len(),
        }
    }

    /// Namespace, kind and name, where there are such.
    pub(super) fn names(&self, at: usize) -> (&str, &str, &str) {
        match self {
            Self::Unknown => None,
            Self::Rows(rows) => rows.get(at).map(|row| {
                (
                    row.namespace.as_deref().unwrap_or(""),
                    row.kind.as_deref().unwrap_or(""),
                    row.name.as_str(),
                )
            }),
            Self::Pods(pods) => pods.get(at).map(|pod| (&*pod.namespace, "", &*pod.name)),
            Self::Hpas(hpas) => hpas.get(at).map(|hpa| (&*hpa.namespace, "", &*hpa.name)),
        }
        .unwrap_or_default()
    }

    pub(super) fn identity(&self, at: usize) -> Option<Identity> {
        (at < self.len()).then(|| {
            let (namespace, kind, name) = self.names(at);
            Identity {
                namespace: namespace.to_owned(),
                kind: kind.to_owned(),
                name: name.to_owned(),
            }
        })
    }

    pub(super) fn is(&self, at: usize, identity: &Identity) -> bool {
        self.names(at) == (&*identity.namespace, &*identity.kind, &*identity.name)
    }

    /// What the filter looks at: all that names a row.
    pub(super) fn full_name(&self, at: usize) -> String {
        match self.names(at) {
            ("", "", name) => name.to_owned(),
            (namespace, "", name) => format!("{namespace}/{name}"),
            (namespace, kind, name) => format!("{namespace}/{kind}/{name}"),
        }
    }

    /// What a row is sorted by.
    pub(super) fn value<'a>(&'a self, at: usize, column: Column, by: Measure<'_>) -> Value<'a> {
        let (namespace, _, name) = self.names(at);
        match column {
            Column::Namespace => return Value::Text(namespace),
            Column::Name => return Value::Text(name),
            _ => {}
        }
        match self {
            Self::Unknown => Value::Unknown,
            Self::Rows(rows) => rows.get(at).map_or(Value::Unknown, |row| of_row(row, column, by)),
            Self::Pods(pods) => pods.get(at).map_or(Value::Unknown, |pod| of_pod(pod, column, by)),
            Self::Hpas(hpas) => hpas.get(at).map_or(Value::Unknown, |hpa| of_hpa(hpa, column)),
        }
    }
}

fn of_row<'a>(row: &'a Row, column: Column, by: Measure<'_>) -> Value<'a> {
    let amount = match column {
        Column::State => return Value::Text(row.state.unwrap_or("")),
        Column::Nodes => row.nodes.map(|(usable, _)| usable as Amount),
        Column::Sum(figure, resource) => by.name(resource).and_then(|name| sum(row, figure, name)),
        Column::Percent(resource) => per_mille(row, by, resource),
        Column::Slots => row.slots,
        Column::Pods => row.pods(),
        _ => None,
    };
    amount.map_or(Value::Unknown, Value::Amount)
}

fn of_pod<'a>(pod: &'a PodItem, column: Column, by: Measure<'_>) -> Value<'a> {
    let amount = match column {
        Column::Whose => Some(Amount::from(pod.own)),
        Column::Phase => return Value::Text(&pod.phase),
        Column::Request(resource) => {
            by.name(resource).zip(pod.count.as_ref().ok()).map(|(name, (total, _))| total.get(name))
        }
        // The youngest is the one with the least age.
        Column::Age => pod.created.map(|created| -Amount::from(created)),
        _ => None,
    };
    amount.map_or(Value::Unknown, Value::Amount)
}

fn of_hpa(hpa: &HpaItem, column: Column) -> Value<'_> {
    let amount = match column {
        Column::Target => return Value::Text(&hpa.target.1),
        Column::Status => return Value::Text(hpa.status()),
        Column::Replicas => Some(Amount::from(hpa.current)),
        Column::Scaled => hpa.scaled.map(Amount::from),
        _ => None,
    };
    amount.map_or(Value::Unknown, Value::Amount)
}

/// A figure of a row.
pub(super) fn sum(row: &Row, figure: Figure, resource: &str) -> Option<Amount> {
    let of = |resources: &Option<Resources>| Some(resources.as_ref()?.get(resource));
    match figure {
        Figure::Alloc => of(&row.allocatable),
        Figure::Others => of(&row.others),
        Figure::Own => of(&row.opportunistic),
        Figure::Remain => of(&row.remaining),
        Figure::Free => Some(of(&row.allocatable)? - of(&row.others)? - of(&row.opportunistic)?),
    }
}

/// What is requested of what there is, in thousandths.
pub(super) fn per_mille(row: &Row, by: Measure<'_>, resource: usize) -> Option<Amount> {
    let name = by.name(resource)?;
    // Nodes and pools have a whole of their own, or one that is not known.
    let whole = match row.usable {
        Some(_) => row.allocatable.as_ref(),
        None => by.whole,
    };
    let whole = whole?.get(name);
    let taken = sum(row, Figure::Others, name)? + sum(row, Figure::Own, name)?;
    (whole > 0).then(|| (taken * 1000).div_euclid(whole))
}

impl<'a> Measure<'a> {
    pub(super) fn name(&self, resource: usize) -> Option<&'a str> {
        self.resources.get(resource).map(String::as_str)
    }
}
