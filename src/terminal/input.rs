//! Keys, mouse and sizes as they come.

use std::io;

use ratatui::crossterm::event::{self, Event};
use tokio::sync::mpsc;

/// More than a person types while a frame is drawn; whoever pastes waits.
const WAITING: usize = 256;

/// What comes from the terminal. The thread that reads it sleeps until something comes.
#[derive(Debug)]
pub struct Input(mpsc::Receiver<io::Result<Event>>);

impl Input {
    /// Begins to read. Reading goes on until the process ends, or until something has come
    /// after this was dropped: a terminal cannot be read half.
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
    /// When the terminal cannot be read any more.
    pub async fn next(&mut self) -> io::Result<Event> {
        self.0.recv().await.unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))
    }

    /// The next event if it has come already.
    pub fn waiting(&mut self) -> Option<io::Result<Event>> {
        self.0.try_recv().ok()
    }
}

impl Default for Input {
    fn default() -> Self {
        Self::new()
    }
}
