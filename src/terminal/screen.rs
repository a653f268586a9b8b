//! The alternate screen in raw mode, and the way back.

use std::io::{self, IsTerminal, Stderr, Stdout, Write, stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{DisableMouseCapture, EnableMouseCapture};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::layout::Rect;

/// Whether a screen is open in this process; there is one terminal.
static OPEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// The alternate screen in raw mode; the normal one again when it is dropped.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    mouse: bool,
}

impl Screen {
    /// Takes the terminal. Whatever ends the program from here on, a panic too, gives it back.
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
        let terminal = Terminal::new(CrosstermBackend::new(stdout())).inspect_err(|_| give_back());
        Ok(Self { terminal: terminal?, mouse })
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

    /// Gives the terminal back for as long as the process is stopped.
    pub fn leave(&mut self) {
        give_back();
    }

    /// Takes the terminal again; all of the next frame is written.
    ///
    /// # Errors
    /// When the terminal cannot be set.
    pub fn enter(&mut self) -> io::Result<()> {
        // Whoever had the terminal meanwhile may have set it otherwise.
        give_back();
        enter(self.mouse)?;
        // A new one knows nothing of what was on the screen. Clearing the old one would ask
        // the terminal where its cursor is, and the answer goes to whoever reads keys.
        self.terminal = Terminal::new(CrosstermBackend::new(stdout()))?;
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

/// Gives the terminal back, if it was taken. One that is gone needs nothing.
fn give_back() {
    if OPEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(stdout(), DisableMouseCapture, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

/// Where log lines go: nowhere while they would be written over a screen.
#[derive(Debug)]
pub enum LogWriter {
    /// To stderr.
    Stderr(Stderr),
    /// Nowhere.
    Nowhere,
}

/// Where a log line goes now.
pub fn log_writer() -> LogWriter {
    let stderr = io::stderr();
    match OPEN.load(Ordering::SeqCst) && stderr.is_terminal() {
        true => LogWriter::Nowhere,
        false => LogWriter::Stderr(stderr),
    }
}

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stderr(stderr) => stderr.write(bytes),
            Self::Nowhere => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stderr(stderr) => stderr.flush(),
            Self::Nowhere => Ok(()),
        }
    }
}
