//! The alternate screen in raw mode, and its restoration.

use std::io::{self, IsTerminal, Write, stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{self, DisableMouseCapture, EnableMouseCapture, Event};
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{execute, queue};
use ratatui::layout::Rect;
use tokio::sync::mpsc;

use crate::stderr;

/// Whether a screen is open in this process; there is one terminal.
static OPEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// What is written for a frame. It goes out as a synchronized update, which terminals that know
/// it show at once.
#[derive(Debug, Default)]
struct Frame(Vec<u8>);

impl Write for Frame {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut stdout = stdout().lock();
        queue!(stdout, BeginSynchronizedUpdate)?;
        stdout.write_all(&self.0)?;
        self.0.clear();
        execute!(stdout, EndSynchronizedUpdate)
    }
}

fn terminal() -> io::Result<Terminal<CrosstermBackend<Frame>>> {
    Terminal::new(CrosstermBackend::new(Frame::default()))
}

/// The alternate screen in raw mode; the normal one again when it is dropped.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Frame>>,
    mouse: bool,
}

impl Screen {
    /// Sets the terminal up. Every end of the program restores it, a panic too.
    ///
    /// # Errors
    /// When the terminal cannot be set.
    pub fn open(mouse: bool) -> io::Result<Self> {
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                // The message must not be lost with the alternate screen.
                give_back();
                before(panic);
            }));
        });
        enter(mouse)?;
        Ok(Self { terminal: terminal().inspect_err(|_| give_back())?, mouse })
    }

    /// Draws a frame.
    ///
    /// # Errors
    /// When the terminal cannot be written, or was given back because something panicked.
    pub fn draw(&mut self, draw: impl FnOnce(Rect, &mut Buffer)) -> io::Result<()> {
        if !OPEN.load(Ordering::SeqCst) {
            return Err(io::Error::other("a part of the program failed; see above"));
        }
        self.terminal.draw(|frame| draw(frame.area(), frame.buffer_mut()))?;
        Ok(())
    }

    /// Restores the terminal while the process is stopped.
    pub fn leave(&mut self) {
        give_back();
    }

    /// Sets the terminal up again; the next frame is written in full.
    ///
    /// # Errors
    /// When the terminal cannot be set.
    pub fn enter(&mut self) -> io::Result<()> {
        // Another program may have changed the terminal's modes meanwhile.
        give_back();
        enter(self.mouse)?;
        // A new `Terminal` redraws everything. Clearing the old one would query the cursor's
        // position, and the reply would be read as keys.
        self.terminal = terminal()?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn enter(mouse: bool) -> io::Result<()> {
    OPEN.store(true, Ordering::SeqCst);
    let entered = enable_raw_mode().and_then(|()| {
        execute!(stdout(), EnterAlternateScreen)?;
        if mouse { execute!(stdout(), EnableMouseCapture) } else { Ok(()) }
    });
    entered.inspect_err(|_| give_back())
}

/// Restores the terminal if it was set up. Errors of a terminal that is gone are ignored.
fn give_back() {
    if OPEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(stdout(), DisableMouseCapture, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

/// Destination of log lines: none while they would be written over a live screen.
#[derive(Debug)]
pub enum LogWriter {
    /// To stderr.
    Stderr,
    /// Nowhere.
    Nowhere,
}

/// The destination of a log line now.
pub fn log_writer() -> LogWriter {
    match OPEN.load(Ordering::SeqCst) && io::stderr().is_terminal() {
        true => LogWriter::Nowhere,
        false => LogWriter::Stderr,
    }
}

/// Never fails: the subscriber would report that on stderr, and panic if it cannot.
impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Self::Stderr = self {
            stderr::write(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Capacity of the event queue: more than a person types while a frame is drawn.
const WAITING: usize = 256;

/// The stream of terminal events. A thread of its own blocks on the terminal.
#[derive(Debug)]
pub struct Input(mpsc::Receiver<io::Result<Event>>);

impl Input {
    /// Starts to read. The thread ends with the process, or at the first event after this was
    /// dropped: a blocking read cannot be cancelled.
    pub fn new() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        std::thread::spawn(move || {
            loop {
                let event = event::read();
                let ended = event.is_err();
                if sender.blocking_send(event).is_err() || ended {
                    return;
                }
            }
        });
        Self(receiver)
    }

    /// The next event.
    ///
    /// # Errors
    /// When the terminal can no longer be read.
    pub async fn next(&mut self) -> io::Result<Event> {
        self.0.recv().await.unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))
    }

    /// The next event, if there is one already.
    pub fn waiting(&mut self) -> Option<io::Result<Event>> {
        self.0.try_recv().ok()
    }
}

impl Default for Input {
    fn default() -> Self {
        Self::new()
    }
}
