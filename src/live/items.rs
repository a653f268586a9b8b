//! The rows of a table, whatever they stand for.

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

    /// Namespace, kind and name, where there are such.
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

    /// What the filter looks at: all that names a row.
    pub(super) fn full_name(&self, at: usize) -> String {
        match self.names(at) {
            ("", "", name) => name.to_owned(),
            (namespace, "", name) => format!("{namespace}/{name}"),
            (namespace, kind, name) => format!("{namespace}/{kind}/{name}"),
        }
    }

    /// The value of a row in a column.
    pub(super) fn value<'a>(&'a self, at: usize, column: Column, by: Measure<'_>) -> Value<'a> {
        let context = by.context(column);
        fn of<'a, R: 'static>(
            figures: &'static [Figure<R>],
            row: Option<&'a R>,
            column: Column,
            context: &Context<'_>,
        ) -> Option<Value<'a>> {
            Some((find(figures, column)?.value)(row?, context))
        }
        match self {
            Self::Unknown => None,
            Self::Rows(rows) => of(&FIGURES, rows.get(at), column, &context),
            Self::Pods(pods) => of(&pods::FIGURES, pods.get(at), column, &context),
            Self::Hpas(hpas) => of(&hpas::FIGURES, hpas.get(at), column, &context),
        }
        .unwrap_or(Value::Unknown)
    }

    /// The text of a row in a column, and how it is emphasised.
    pub(super) fn cell(&self, at: usize, column: Column, by: Measure<'_>) -> (String, Tone) {
        let context = by.context(column);
        fn of<R: 'static>(
            figures: &'static [Figure<R>],
            row: Option<&R>,
            column: Column,
            context: &Context<'_>,
        ) -> Option<(String, Tone)> {
            let (figure, row) = (find(figures, column)?, row?);
            let value = (figure.value)(row, context);
            let text = figure.text(&value, context.resource, false).into_owned();
            Some((text, figure.tone_of(row, &value)))
        }
        match self {
            Self::Unknown => None,
            Self::Rows(rows) => of(&FIGURES, rows.get(at), column, &context),
            Self::Pods(pods) => of(&pods::FIGURES, pods.get(at), column, &context),
            Self::Hpas(hpas) => of(&hpas::FIGURES, hpas.get(at), column, &context),
        }
        .unwrap_or((String::new(), Tone::Plain))
    }
}

fn find<R: 'static>(figures: &'static [Figure<R>], column: Column) -> Option<&'static Figure<R>> {
    figures.iter().find(|figure| figure.id == column.id)
}

impl<'a> Measure<'a> {
    fn context(&self, column: Column) -> Context<'a> {
        let resource = self.resources.get(column.resource).map_or("", String::as_str);
        Context { resource, cluster: self.whole, now: self.now }
    }
}
