//! Terminal events: keys, mouse and resizes.

use std::io;

use ratatui::crossterm::event::{self, Event};
use tokio::sync::mpsc;

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
