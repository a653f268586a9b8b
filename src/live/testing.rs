//! A screen over a recorded cluster, for tests.

use std::path::Path;
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;

use super::draw;
use super::input::{self, Effect};
use super::measurement::Measurement;
use super::state::{Setup, State};
use crate::terminal::Theme;
use oppscale_cluster::follow::{ClusterState, Health, Phase, WatchStatus};
use oppscale_cluster::{SavedFiles, Snapshot, read_saved};

/// A recorded cluster and the screen that shows it.
pub(super) struct Bench {
    pub(super) cluster_state: ClusterState,
    pub(super) state: State,
    pub(super) start: Instant,
}

pub(super) fn setup() -> Setup {
    Setup {
        theme: Theme { unicode: true, palette: None },
        context: "admin@blog".to_owned(),
        namespace: "default".to_owned(),
        has_cluster: true,
        max_staleness: Duration::from_secs(40),
        ..Setup::default()
    }
}

impl Bench {
    /// A recorded cluster of `tests/fixtures`.
    pub(super) fn of(folder: &str, setup: Setup) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("tests/fixtures/{folder}/nodes-pods.kubectl.json"));
        let files = SavedFiles::load(&[path.display().to_string()]).unwrap();
        let (snapshot, _) = read_saved(&files, None, "default").unwrap();
        Self::with(snapshot, setup)
    }

    pub(super) fn blog() -> Self {
        Self::of("blog-cluster", Setup { reserve: "30".parse().unwrap(), ..setup() })
    }

    pub(super) fn with(snapshot: Snapshot, setup: Setup) -> Self {
        let start = Instant::now();
        let feed = || WatchStatus { phase: Phase::Following, fresh_at: Some(start), restarts: 0 };
        let version = Some("v1.36.2".to_owned());
        let cluster_state =
            ClusterState::new(snapshot, Health { nodes: feed(), pods: feed(), version });
        let mut bench = Self { cluster_state, state: State::new(setup, start), start };
        bench.measure();
        bench
    }

    /// Measures the present state.
    pub(super) fn measure(&mut self) {
        let asked = self.state.asked();
        let measured =
            self.cluster_state.read(|snapshot, health| Measurement::of(snapshot, health, &asked));
        self.state.take(measured);
    }

    /// Changes the state of the watches.
    pub(super) fn hear(&mut self, change: impl FnOnce(&mut Health)) {
        self.cluster_state.change(|_, health| {
            change(health);
            true
        });
        self.measure();
    }

    /// Applies a node.
    pub(super) fn node(&mut self, json: &str) {
        self.cluster_state.change(|intake, _| {
            intake.raw_node(json);
            true
        });
        self.measure();
    }

    /// Sets the time since the start.
    pub(super) fn pass(&mut self, seconds: u64) {
        self.state.now = self.start + Duration::from_secs(seconds);
    }

    /// Presses a key, and measures if that is its effect.
    pub(super) fn code(&mut self, code: KeyCode) -> Effect {
        let next = input::handle_key(&mut self.state, KeyEvent::new(code, KeyModifiers::NONE));
        if next == Effect::Measure {
            self.measure();
        }
        next
    }

    /// Presses several keys.
    pub(super) fn type_in(&mut self, keys: &str) -> Effect {
        keys.chars().fold(Effect::None, |_, key| self.code(KeyCode::Char(key)))
    }

    pub(super) fn draw(&mut self, width: u16, height: u16) -> Terminal<TestBackend> {
        self.state.area = Rect::new(0, 0, width, height);
        self.state.settle();
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw::draw(&self.state, frame.area(), frame.buffer_mut())).unwrap();
        terminal
    }

    /// The text of the screen.
    pub(super) fn screen(&mut self, width: u16, height: u16) -> String {
        let terminal = self.draw(width, height);
        let buffer = terminal.backend().buffer();
        let line = |y| {
            let line: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
            line.trim_end().to_owned()
        };
        (0..height).map(line).collect::<Vec<_>>().join("\n")
    }

    /// The first column of the table's rows.
    pub(super) fn names(&self) -> Vec<&str> {
        let pane = self.state.pane();
        (0..pane.len()).filter_map(|at| Some(pane.items.names(pane.row(at)?).2)).collect()
    }

    /// The name of the selected row.
    pub(super) fn chosen(&self) -> String {
        self.state.pane().identity().map(|identity| identity.name).unwrap_or_default()
    }
}
