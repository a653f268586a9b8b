//! A stream whose reader must take what it asked for within some time.
//!
//! Whoever asks and does not read would keep an answer in memory for as long as it likes,
//! and a page of thousands of nodes takes megabytes. Heads that come slowly have a limit of
//! their own, in hyper; what goes out has none there.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// See the module.
pub(super) struct Outlet<S> {
    stream: S,
    patience: Duration,
    /// Runs from when the reader first kept an answer waiting, until all of it is taken.
    /// Progress alone does not end it, or a byte a minute would do.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Outlet<S> {
    /// A stream that gives up when an answer is not taken within `patience`.
    pub(super) fn new(stream: S, patience: Duration) -> Self {
        Self { stream, patience, waiting: None }
    }

    fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let patience = self.patience;
        let sleep = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        sleep.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Outlet<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Outlet<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(cx, bytes) {
            Poll::Pending => self.wait(cx),
            written => written,
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write_vectored(cx, bytes) {
            Poll::Pending => self.wait(cx),
            written => written,
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_flush(cx) {
            Poll::Pending => self.wait(cx),
            flushed => {
                self.waiting = None;
                flushed
            }
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_shutdown(cx) {
            Poll::Pending => self.wait(cx),
            shut => shut,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn who_reads_slowly_is_left_and_who_reads_is_not() {
        let (near, mut far) = tokio::io::duplex(8);
        let mut outlet = Outlet::new(near, Duration::from_millis(200));
        let reader = tokio::spawn(async move {
            let mut all = [0; 16];
            far.read_exact(&mut all).await.unwrap();
            // From here on it takes a byte now and then, which is not enough.
            let mut byte = [0; 1];
            while far.read_exact(&mut byte).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        outlet.write_all(&[7; 16]).await.unwrap();
        outlet.flush().await.unwrap();
        let error = outlet.write_all(&[7; 1000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(outlet);
        reader.await.unwrap();
    }
}
