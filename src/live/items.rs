//! The rows of a table: rows of the count, pods, or HPAs.

use oppscale_core::figures::{Context, FIGURES, Figure, Tone, Value};
use oppscale_core::resources::Resources;
use oppscale_core::view::Row;

use super::column::Column;
use super::hpas::{self, HpaItem};
use super::pods::{self, PodItem};

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

/// The identity of a row across updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) namespace: String,
    pub(super) kind: String,
    pub(super) name: String,
}

/// The context of the values of rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure<'a> {
    pub(super) resources: &'a [String],
    /// Allocatable resources of the usable nodes.
    pub(super) whole: Option<&'a Resources>,
    /// The present, in seconds since 1970.
    pub(super) now: i64,
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

    /// Namespace, kind and name, empty where there are none.
    pub(super) fn names(&self, at: usize) -> (&str, &str, &str) {
        match self {
            Self::Unknown => None,
            Self::Rows(rows) => rows.get(at).map(Row::names),
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

    /// The text that the filter matches.
    pub(super) fn full_name(&self, at: usize) -> String {
        match self.names(at) {
            ("", "", name) => name.to_owned(),
            (namespace, "", name) => format!("{namespace}/{name}"),
            (namespace, kind, name) => format!("{namespace}/{kind}/{name}"),
        }
    }

    /// The value of a row in a column, and how it is emphasised.
    pub(super) fn value(&self, at: usize, column: Column, by: Measure<'_>) -> (Value<'_>, Tone) {
        fn of<'a, R>(
            figures: &'static [Figure<R>],
            row: Option<&'a R>,
            column: Column,
            context: &Context<'_>,
        ) -> Option<(Value<'a>, Tone)> {
            let (figure, row) = (figures.iter().find(|figure| figure.id == column.id)?, row?);
            let value = (figure.value)(row, context);
            let tone = figure.tone_of(row, &value);
            Some((value, tone))
        }
        let context = by.context(column);
        match self {
            Self::Unknown => None,
            Self::Rows(rows) => of(&FIGURES, rows.get(at), column, &context),
            Self::Pods(pods) => of(&pods::FIGURES, pods.get(at), column, &context),
            Self::Hpas(hpas) => of(&hpas::FIGURES, hpas.get(at), column, &context),
        }
        .unwrap_or((Value::Unknown, Tone::Plain))
    }
}

impl<'a> Measure<'a> {
    pub(super) fn context(self, column: Column) -> Context<'a> {
        let resource = self.resources.get(column.resource).map_or("", String::as_str);
        Context { resource, cluster: self.whole, now: self.now }
    }
}
