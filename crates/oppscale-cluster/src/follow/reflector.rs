//! One kind of object, listed and then watched, for ever.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use kube::client::Body;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::backoff::Backoff;
use super::event::Lines;
use super::fold::{Notice, Position, WatchError, Work, fold};
use super::handler::{EventHandler, StatusHandle};
use super::health::Phase;
use crate::client::{Cluster, Operation};
use crate::error::ClusterError;
use crate::pages;
use crate::pages::Listing;

/// Chunks of lines that may wait for the thread that takes them in: some hundred
/// kilobytes. Behind them the connection waits, and the server.
const QUEUE_CAPACITY: usize = 32;
/// How long after its end a watch may stay silent before it is given up.
const WATCH_GRACE: Duration = Duration::from_secs(5);
/// How long the server may take to begin or go on with a list that it streams.
const LIST_IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// How often what may be listed, but not watched or not read at all, is asked for again,
/// unless watches are to be shorter.
const POLL_INTERVAL: Duration = Duration::from_secs(30);
/// A watch that ends sooner than this has not been of use, and the next one waits.
const MIN_WATCH_LIFE: Duration = Duration::from_millis(500);
/// When a watch that held so long is cut, that is the first failure of a new row.
const STABLE_WATCH: Duration = Duration::from_secs(5);
/// How often a watch may fail in a row before the list is read again: the version it goes
/// on from may be what the server fails at.
const MAX_WATCH_TRIES: u32 = 6;

/// How to follow.
#[derive(Debug, Clone)]
pub(super) struct ReflectorConfig {
    /// How long a watch lives before the server ends it and the next one goes on. A silent
    /// one is noticed soon after.
    pub(super) watch_life: Duration,
    /// Whether the server streams lists.
    pub(super) is_streaming: bool,
    /// Asks all feeds to connect anew.
    pub(super) wake: Arc<Notify>,
    /// Asks this feed to read its list again.
    pub(super) relist: Arc<Notify>,
}

/// Follows one kind.
pub(super) struct Reflector {
    cluster: Cluster,
    listing: Listing,
    reflector_config: ReflectorConfig,
    status: StatusHandle,
    work: mpsc::Sender<Work>,
    empties: mpsc::UnboundedReceiver<Vec<u8>>,
    notices: mpsc::UnboundedReceiver<Notice>,
    backoff: Backoff,
    /// Gets the outcome of the first list.
    first: Option<oneshot::Sender<Result<(), ClusterError>>>,
}

/// How a watch ended that did not fail.
struct EndedWatch {
    lived: Duration,
}

impl Reflector {
    /// A loop over `listing` into `sink`.
    pub(super) fn new(
        cluster: Cluster,
        listing: Listing,
        reflector_config: ReflectorConfig,
        handler: impl EventHandler,
    ) -> Self {
        let (work, receiver) = mpsc::channel(QUEUE_CAPACITY);
        let (empty, empties) = mpsc::unbounded_channel();
        let (notice, notices) = mpsc::unbounded_channel();
        let status = handler.status();
        tokio::task::spawn_blocking(move || fold(handler, receiver, &empty, notice));
        let backoff = Backoff::up_to(reflector_config.watch_life);
        Self {
            cluster,
            listing,
            reflector_config,
            status,
            work,
            empties,
            notices,
            backoff,
            first: None,
        }
    }

    /// Tells the outcome of the first list.
    pub(super) fn first_outcome(&mut self) -> oneshot::Receiver<Result<(), ClusterError>> {
        let (sender, receiver) = oneshot::channel();
        self.first = Some(sender);
        receiver
    }

    /// Runs until the thread that takes in ends.
    pub(super) async fn run(mut self) {
        loop {
            let stop = match self.list().await {
                Ok(()) => {
                    if let Some(first) = self.first.take() {
                        // Nobody may be waiting for it.
                        let _ = first.send(Ok(()));
                    }
                    self.watch_on().await
                }
                Err(stop) => stop,
            };
            match stop {
                Stop::Shutdown => return,
                Stop::Reconnect | Stop::Relist => {}
                Stop::Expired(why) => self.begin_again(why).await,
                Stop::Failed(error @ ClusterError::Forbidden { .. }) => self.refused(error).await,
                Stop::Failed(error @ ClusterError::NotFound { .. }) if self.listing.is_optional => {
                    self.refused(error).await;
                }
                Stop::Failed(error) => self.wait(error.to_string(), Some(error)).await,
                Stop::Silent(silence) => {
                    let why = format!("nothing was heard for {} s", silence.as_secs());
                    self.wait(why, None).await;
                }
                Stop::Garbage(why) => self.wait(why, None).await,
            }
        }
    }

    /// Before the list is read again. Once that is so at once; again and again, without
    /// a watch that held in between, it must not become all that the server does.
    async fn begin_again(&mut self, why: String) {
        let is_first_time = self.backoff.tries() == 0;
        let pause = self.backoff.next();
        tracing::info!("{}: reading the list again: {why}", self.listing.noun);
        self.status.set(|feed| {
            feed.restarts += 1;
            if feed.is_whole() {
                feed.phase = Phase::Relisting { why: why.clone() };
            }
            true
        });
        if !is_first_time {
            self.pause(pause).await;
        }
    }

    /// Waits before the next try; somebody may end that.
    async fn wait(&mut self, why: String, error: Option<ClusterError>) {
        if let (Some(first), Some(error)) = (self.first.take(), error) {
            let _ = first.send(Err(error));
        }
        let pause = self.backoff.next();
        // A server that is down for hours need not be told of a thousand times.
        if self.backoff.tries().is_power_of_two() {
            tracing::info!(tries = self.backoff.tries(), "{}: {why}", self.listing.noun);
        } else {
            tracing::debug!(?pause, "{}: {why}", self.listing.noun);
        }
        self.status.set_phase(&Phase::Reconnecting { why, tries: self.backoff.tries() });
        self.pause(pause).await;
    }

    /// Waits; somebody may end that.
    async fn pause(&self, pause: Duration) {
        tokio::select! {
            () = sleep(pause) => {}
            () = self.reflector_config.wake.notified() => {}
        }
    }

    /// What may not be listed is unknown; the right may come later.
    async fn refused(&mut self, error: ClusterError) {
        let (why, hint) = (error.to_string(), error.hint());
        if let Some(first) = self.first.take() {
            let _ = first.send(Err(error));
        }
        let _ = self.work.send(Work::Refused(why.clone())).await;
        // Once that has been taken in: in between, objects would be known, and none there.
        let _ = self.ask().await;
        self.status.set_phase(&Phase::Refused { why, hint });
        self.pause(self.every()).await;
    }

    /// Reads the list, streamed where the server can.
    async fn list(&mut self) -> Result<(), Stop> {
        self.forget_notices();
        self.give(Work::Begin).await?;
        if self.reflector_config.is_streaming {
            match self.stream_list().await {
                // The server cannot after all: it is older than it says, or the feature is
                // off. Or the right to watch is missing, and that to list is not.
                Err(Stop::Failed(
                    ClusterError::Status { code: 400 | 422, .. } | ClusterError::Forbidden { .. },
                )) => self.reflector_config.is_streaming = false,
                done => return done,
            }
        }
        let version = pages::load(&self.cluster, &self.listing, &self.work, &mut self.empties)
            .await
            .map_err(Stop::Failed)?;
        self.give(Work::End(version)).await?;
        self.position().await?;
        // Pages are not needed until the next list, which may never come.
        while self.empties.try_recv().is_ok() {}
        Ok(())
    }

    /// Reads the list as a watch with initial events, and goes on with that watch.
    async fn stream_list(&mut self) -> Result<(), Stop> {
        let words = format!("list {}", self.listing.noun);
        let path = self.listing.with(
            "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan\
             &allowWatchBookmarks=true",
        );
        let operation = Operation::new(&words, &self.listing.required_rbac);
        let body = self.cluster.open(&operation, &path).await.map_err(Stop::Failed)?;
        let taken = self.take(body, LIST_IDLE_TIMEOUT, true).await;
        let Position { version, .. } = self.position().await?;
        match taken {
            // The list was whole before: its watch goes on from there.
            Err(Stop::Failed(_) | Stop::Reconnect) if !version.is_empty() => Ok(()),
            taken => taken,
        }
    }

    /// Watches until the list must be read again.
    async fn watch_on(&mut self) -> Stop {
        loop {
            let failed = match self.watch().await {
                Ok(EndedWatch { lived }) if lived >= MIN_WATCH_LIFE => {
                    self.backoff.reset();
                    continue;
                }
                Ok(_) => "the watch ended at once".to_owned(),
                Err(Stop::Reconnect) => continue,
                Err(Stop::Failed(error @ ClusterError::Forbidden { .. })) => {
                    return self.poll(error).await;
                }
                Err(Stop::Failed(error @ ClusterError::Status { code: 400..=499, .. })) => {
                    return Stop::Expired(error.to_string());
                }
                Err(Stop::Failed(ClusterError::Expired { .. })) => {
                    return Stop::Expired("the watch expired (410 Gone)".to_owned());
                }
                Err(Stop::Failed(error)) => error.to_string(),
                Err(Stop::Silent(silence)) => {
                    format!("nothing was heard for {} s", silence.as_secs())
                }
                Err(Stop::Garbage(why)) => why,
                Err(stop @ (Stop::Expired(_) | Stop::Relist | Stop::Shutdown)) => return stop,
            };
            self.status.set(|feed| {
                feed.restarts += 1;
                false
            });
            self.wait(failed.clone(), None).await;
            if self.backoff.tries() >= MAX_WATCH_TRIES {
                return Stop::Relist;
            }
        }
    }

    /// Without the right to watch, the list is read again and again.
    async fn poll(&mut self, error: ClusterError) -> Stop {
        let every = self.every();
        self.status.set_phase(&Phase::Polling { why: error.to_string(), every });
        self.pause(every).await;
        Stop::Relist
    }

    /// Whoever asks for short watches needs data of that age, however it is had.
    fn every(&self) -> Duration {
        POLL_INTERVAL.min(self.reflector_config.watch_life)
    }

    /// One watch, from where the last one stood.
    async fn watch(&mut self) -> Result<EndedWatch, Stop> {
        let Position { version, failure } = self.ask().await?;
        self.forget_notices();
        if let Some(failure) = failure {
            return Err(failure.into());
        }
        let words = format!("watch {}", self.listing.noun);
        let path = self.listing.with(&format!(
            "watch=true&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}",
            pages::percent_encode(&version),
            self.reflector_config.watch_life.as_secs().max(1),
        ));
        let operation = Operation::new(&words, &self.listing.required_rbac);
        let body = self.cluster.open(&operation, &path).await.map_err(Stop::Failed)?;
        let began = Instant::now();
        self.is_up();
        let taken = self.take(body, self.reflector_config.watch_life + WATCH_GRACE, false).await;
        if matches!(taken, Err(Stop::Failed(_))) && began.elapsed() >= STABLE_WATCH {
            self.backoff.reset();
        }
        taken?;
        // It ended in order, so nothing has been missed.
        self.position().await?;
        self.status.mark_fresh();
        Ok(EndedWatch { lived: began.elapsed() })
    }

    fn is_up(&self) {
        self.status.mark_fresh();
        self.status.set_phase(&Phase::Following);
    }

    /// Hands on what comes, until it ends. A list that is whole goes on as a watch, as long.
    async fn take(
        &mut self,
        body: Body,
        idle_timeout: Duration,
        is_list: bool,
    ) -> Result<(), Stop> {
        let mut body = body;
        let mut idle_timeout = idle_timeout;
        let mut lines = Lines::default();
        let mut is_whole = !is_list;
        // The server ends watches itself, but was not told to end this one.
        let mut end: Option<Instant> = None;
        loop {
            let deadline = end.unwrap_or_else(|| Instant::now() + idle_timeout + WATCH_GRACE);
            tokio::select! {
                frame = timeout(idle_timeout, body.frame()) => match frame {
                    Err(_) => return Err(Stop::Silent(idle_timeout)),
                    // The rest is half a line: it comes again with the next watch.
                    Ok(None) if is_whole => return Ok(()),
                    Ok(None) => return Err(self.broke_off().await?),
                    Ok(Some(Err(error))) => return Err(self.cut(&error)),
                    Ok(Some(Ok(frame))) => {
                        let Some(data) = frame.data_ref() else { continue };
                        let whole = lines.push(data).map_err(|_| {
                            Stop::Garbage("a line without an end".to_owned())
                        })?;
                        if let Some(whole) = whole {
                            self.give(Work::Lines(whole)).await?;
                        }
                    }
                },
                notice = self.notices.recv() => match notice {
                    Some(Notice::Whole) => {
                        is_whole = true;
                        self.is_up();
                        idle_timeout = self.reflector_config.watch_life + WATCH_GRACE;
                        end = Some(Instant::now() + self.reflector_config.watch_life);
                        if let Some(first) = self.first.take() {
                            let _ = first.send(Ok(()));
                        }
                    }
                    Some(Notice::Failed) => return self.position().await.map(drop),
                    None => return Err(Stop::Shutdown),
                },
                () = self.reflector_config.wake.notified() => return Err(Stop::Reconnect),
                () = self.reflector_config.relist.notified() => {
                    return Err(Stop::Expired("whose pods are own has changed".to_owned()));
                }
                () = sleep_until(deadline), if end.is_some() => return Ok(()),
            }
        }
    }

    /// Why a list ended before it was whole.
    async fn broke_off(&mut self) -> Result<Stop, Stop> {
        self.position().await?;
        Ok(Stop::Garbage(format!("the list of {} broke off", self.listing.noun)))
    }

    fn cut(&self, error: &(dyn std::error::Error + 'static)) -> Stop {
        let action = format!("watch {}", self.listing.noun);
        Stop::Failed(crate::transport::cut(&action, self.cluster.server(), error))
    }

    /// Forgets notices of the watch before, whose end was seen otherwise.
    fn forget_notices(&mut self) {
        while self.notices.try_recv().is_ok() {}
    }

    async fn give(&self, work: Work) -> Result<(), Stop> {
        self.work.send(work).await.map_err(|_| Stop::Shutdown)
    }

    async fn ask(&self) -> Result<Position, Stop> {
        let (sender, receiver) = oneshot::channel();
        self.give(Work::Ask(sender)).await?;
        receiver.await.map_err(|_| Stop::Shutdown)
    }

    /// Where the feed stands when all has been taken in, or what stopped it.
    async fn position(&self) -> Result<Position, Stop> {
        let mut position = self.ask().await?;
        match position.failure.take() {
            Some(failure) => Err(failure.into()),
            None => Ok(position),
        }
    }
}

/// Why a list or a watch did not go on.
pub(super) enum Stop {
    /// A failure of the network or of the server.
    Failed(ClusterError),
    /// No byte came for so long.
    Silent(Duration),
    /// The server answered with something else than events.
    Garbage(String),
    /// The version is too old, or unknown: the list must be read again.
    Expired(String),
    /// The list is to be read again, after a pause.
    Relist,
    /// Somebody asked to connect anew.
    Reconnect,
    /// The thread that takes in has ended; only a bug or the end of all does that.
    Shutdown,
}

impl From<WatchError> for Stop {
    fn from(failure: WatchError) -> Self {
        match failure {
            WatchError::Failed(410, message) => Self::Expired(format!("{message} (410 Gone)")),
            WatchError::Failed(code, message) => Self::Garbage(format!("{message} ({code})")),
            WatchError::Garbage(cause) => Self::Garbage(cause),
        }
    }
}
