use super::*;
use crate::live::source::Replay;
use crate::live::testing::{Bench, setup};
use oppscale_core::figures;
use std::time::Duration;

fn is_descending(bench: &Bench) -> bool {
    bench.state.pane().order.descending
}

fn column(id: &str, resource: usize) -> Column {
    Column::of(figures::find(id).unwrap(), resource)
}

#[test]
fn letters_sort_and_the_same_one_inverts() {
    let mut bench = Bench::blog();
    assert_eq!(bench.type_in("n"), Effect::Redraw);
    assert_eq!((bench.names()[0], is_descending(&bench)), ("fake-00000", false));
    bench.type_in("n");
    assert_eq!(bench.names()[0], "fake-00005");
    bench.type_in("o");
    assert_eq!((bench.names()[0], is_descending(&bench)), ("fake-00001", true));
    bench.type_in("o");
    assert_eq!(*bench.names().last().unwrap(), "fake-00001");
    bench.type_in("S");
    assert_eq!((bench.names()[0], is_descending(&bench)), ("fake-00005", false), "capital");
    bench.type_in("I");
    assert!(is_descending(&bench));
    bench.type_in("r>");
    assert_eq!(bench.state.pane().order.column, column("share", 0));
    bench.type_in("<<");
    assert_eq!(bench.state.pane().order.column, column("opportunistic", 0));
}

#[test]
fn c_and_m_look_at_another_resource() {
    let mut bench = Bench::blog();
    bench.type_in("m");
    assert_eq!(bench.state.resource(), "memory");
    assert_eq!(bench.state.pane().order.column, column("remaining", 1));
    let first = bench.names()[0].to_owned();
    bench.type_in("m");
    assert_ne!(bench.names()[0], first, "the same key again inverts");
    bench.type_in("x");
    assert_eq!(bench.state.resource(), "cpu");
    bench.type_in("nm");
    assert_eq!(bench.state.pane().order.column, column("remaining", 1));
}

#[test]
fn another_device_in_the_cluster_does_not_change_what_is_looked_at() {
    let mut bench = Bench::blog();
    let node = |device: &str| {
        format!(
            r#"{{"metadata": {{"name": "{device}"}}, "status": {{
                "allocatable": {{"cpu": "8", "pods": "10", "{device}": "4"}},
                "conditions": [{{"type": "Ready", "status": "True"}}]}}}}"#
        )
    };
    bench.node(&node("nvidia.com/gpu"));
    bench.type_in("xx");
    assert_eq!((bench.state.resource(), bench.names()[0]), ("nvidia.com/gpu", "nvidia.com/gpu"));
    bench.node(&node("amd.com/gpu"));
    assert_eq!((bench.state.resource(), bench.names()[0]), ("nvidia.com/gpu", "nvidia.com/gpu"));
    assert_eq!(bench.state.pane().order.column, column("remaining", 3));
}

#[test]
fn the_choice_moves_and_stays_on_its_row() {
    let mut bench = Bench::blog();
    bench.type_in("n");
    assert_eq!(bench.type_in("jj"), Effect::Redraw);
    assert_eq!(bench.chosen(), "fake-00002");
    bench.type_in("n");
    assert_eq!(bench.chosen(), "fake-00002", "sorted the other way, and still chosen");
    for (key, chosen) in [
        (KeyCode::Char('G'), "fake-00000"),
        (KeyCode::Char('g'), "fake-00005"),
        (KeyCode::Down, "fake-00004"),
        (KeyCode::Up, "fake-00005"),
        (KeyCode::End, "fake-00000"),
        (KeyCode::Home, "fake-00005"),
        (KeyCode::PageDown, "fake-00000"),
        (KeyCode::PageUp, "fake-00005"),
        (KeyCode::Char('j'), "fake-00004"),
        (KeyCode::Char('k'), "fake-00005"),
    ] {
        assert_eq!(bench.code(key), Effect::Redraw, "{key:?}");
        assert_eq!(bench.chosen(), chosen, "{key:?}");
    }
    assert_eq!(bench.code(KeyCode::Up), Effect::None, "nothing above the first");
}

#[test]
fn a_filter_is_typed_kept_and_cleared() {
    let mut bench = Bench::blog();
    bench.type_in("/5q");
    assert_eq!(bench.names(), Vec::<&str>::new(), "q is a letter like any other here");
    bench.code(KeyCode::Backspace);
    assert_eq!(bench.names(), ["fake-00005"]);
    assert_eq!(bench.state.matches(), (1, 6));
    bench.code(KeyCode::Enter);
    assert!(!bench.state.prompt);
    assert_eq!(bench.names(), ["fake-00005"], "Enter keeps it");
    assert_eq!(bench.code(KeyCode::Esc), Effect::Redraw);
    assert_eq!(bench.names().len(), 6);
    assert_eq!(bench.code(KeyCode::Esc), Effect::None, "Esc never quits");
    bench.type_in("/x");
    bench.code(KeyCode::Esc);
    assert_eq!((bench.names().len(), bench.state.prompt), (6, false));
}

#[test]
fn enter_goes_deeper_and_esc_comes_back() {
    let mut bench = Bench::blog();
    let view = |bench: &Bench| bench.state.pane().view.clone();
    bench.type_in("2");
    bench.type_in("n");
    assert_eq!(bench.code(KeyCode::Enter), Effect::Measure);
    let workloads = View::Workloads { namespace: Some("kube-system".into()) };
    assert_eq!((view(&bench), bench.names()), (workloads, vec!["node-agent"]));
    bench.code(KeyCode::Enter);
    assert_eq!(bench.names().len(), 6, "its pods by node");
    bench.type_in("nj");
    bench.code(KeyCode::Enter);
    assert_eq!(view(&bench), View::OnNode { name: "fake-00001".into() });
    assert_eq!(bench.code(KeyCode::Enter), Effect::None, "there is nothing below a pod");
    for _ in 0..3 {
        assert_eq!(bench.code(KeyCode::Esc), Effect::Measure);
    }
    assert_eq!(view(&bench), View::Namespaces);
    assert_eq!(bench.code(KeyCode::Esc), Effect::None);
    bench.type_in("3");
    bench.code(KeyCode::Enter);
    assert_eq!(view(&bench), View::Nodes { pool: Some(String::new()) });
    assert_eq!(bench.names().len(), 6);
}

#[test]
fn tab_goes_round() {
    let mut bench = Bench::blog();
    let mut next = |_| {
        bench.code(KeyCode::Tab);
        bench.state.tab()
    };
    let seen: Vec<usize> = (0..6).map(&mut next).collect();
    assert_eq!(seen, [1, 2, 3, 4, 0, 1]);
    bench.code(KeyCode::BackTab);
    bench.code(KeyCode::BackTab);
    assert_eq!(bench.state.tab(), 4);
    bench.type_in("4n1");
    bench.type_in("4");
    assert_eq!(bench.state.pane().order.column, Column::NAME, "a table keeps its order");
}

#[test]
fn popups_close_before_anything_else() {
    let mut bench = Bench::blog();
    bench.type_in("/5");
    bench.code(KeyCode::Enter);
    bench.code(KeyCode::F(1));
    assert!(bench.state.help);
    assert_eq!(bench.type_in("n"), Effect::None, "no key works behind the help");
    bench.code(KeyCode::Esc);
    assert!(!bench.state.help);
    assert_eq!(bench.names().len(), 1, "the filter stays");
    assert_eq!(bench.type_in("?q"), Effect::Redraw);
    assert!(!bench.state.help, "q closes the help first");
    assert_eq!(bench.type_in("q"), Effect::Quit);
}

#[test]
fn freezing_stops_data_and_not_keys() {
    let mut bench = Bench::blog();
    assert_eq!(bench.type_in("f"), Effect::Redraw);
    assert!(bench.state.frozen);
    assert_eq!(bench.type_in("n"), Effect::Redraw);
    assert_eq!(bench.type_in(" "), Effect::Measure, "what was missed is caught up");
    assert!(!bench.state.frozen);
}

#[test]
fn the_pace_has_its_limits() {
    let mut bench = Bench::blog();
    assert_eq!(bench.state.min_interval, Duration::from_millis(100));
    bench.type_in("---");
    assert_eq!(bench.state.min_interval, Duration::from_millis(100));
    bench.type_in("+");
    assert_eq!(bench.state.min_interval, Duration::from_millis(200));
    bench.type_in("++++++++++");
    assert_eq!(bench.state.min_interval, Duration::from_secs(10));
}

#[test]
fn unusable_nodes_come_and_go() {
    let mut bench = Bench::of("mixed-cluster", setup());
    let usable = bench.names().len();
    bench.type_in("u");
    assert!(bench.names().len() > usable);
    bench.type_in("u");
    assert_eq!(bench.names().len(), usable);
}

#[test]
fn a_record_is_steered() {
    let mut bench = Bench::blog();
    assert_eq!(bench.type_in("R"), Effect::Command(SourceCommand::Reconnect));
    bench.state.replay = Some(Replay {
        name: String::new(),
        position: Duration::ZERO,
        length: Duration::from_secs(60),
        speed: 1.0,
        paused: false,
    });
    for (key, steer) in [
        (KeyCode::Char(' '), SourceCommand::Pause),
        (KeyCode::Char('+'), SourceCommand::Faster),
        (KeyCode::Char('-'), SourceCommand::Slower),
        (KeyCode::Right, SourceCommand::Forward),
        (KeyCode::Left, SourceCommand::Back),
    ] {
        assert_eq!(bench.code(key), Effect::Command(steer));
    }
    assert_eq!(bench.type_in("f"), Effect::Redraw, "it can be frozen all the same");
}

#[test]
fn control_keys_work_everywhere() {
    let mut bench = Bench::blog();
    bench.type_in("/");
    let control = |key| KeyEvent::new(KeyCode::Char(key), KeyModifiers::CONTROL);
    assert_eq!(handle_key(&mut bench.state, control('c')), Effect::Interrupt);
    assert_eq!(handle_key(&mut bench.state, control('z')), Effect::Suspend);
    assert_eq!(handle_key(&mut bench.state, control('x')), Effect::None);
    bench.type_in("abc");
    handle_key(&mut bench.state, control('u'));
    assert_eq!(bench.state.pane().filter().text(), "");
}

fn event(kind: MouseEventKind, column: u16, row: u16) -> MouseEvent {
    MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }
}

#[test]
fn a_click_chooses_or_sorts_and_the_wheel_scrolls() {
    let mut bench = Bench::blog();
    bench.screen(80, 12);
    let down = MouseEventKind::Down(MouseButton::Left);
    let layout = Layout::of(&bench.state, bench.state.area);
    let third = event(down, 3, layout.rows.y + 2);
    assert_eq!(handle_mouse(&mut bench.state, third), Effect::Redraw);
    assert_eq!(bench.chosen(), "fake-00002");
    assert_eq!(handle_mouse(&mut bench.state, third), Effect::None, "it is chosen already");
    assert_eq!(handle_mouse(&mut bench.state, event(down, 1, layout.head.y)), Effect::Redraw);
    assert_eq!(bench.state.pane().order.column, Column::NAME);
    assert_eq!(handle_mouse(&mut bench.state, event(down, 1, 0)), Effect::None);
    let wheel = event(MouseEventKind::ScrollDown, 0, 0);
    assert_eq!(handle_mouse(&mut bench.state, wheel), Effect::Redraw);
    assert_eq!(bench.state.pane().offset(layout.rows.height.into()), 2);
    bench.state.help = true;
    assert_eq!(handle_mouse(&mut bench.state, wheel), Effect::None);
}
