//! One kind of object, listed and then watched, for ever.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use kube::client::Body;
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::backoff::Backoff;
use super::event::{Event, EventReader};
use super::handler::{EventHandler, StatusHandle};
use super::health::Phase;
use crate::client::{Cluster, Operation};
use crate::encoded_object::{EncodedObject, Status};
use crate::encoding::Encoding;
use crate::error::ClusterError;
use crate::pages;
use crate::pages::{ListSink, Listing};
use crate::tasks::Heartbeat;
use oppscale_core::kinds::percent_encode;

/// Time after its end at which a silent watch is given up.
const WATCH_GRACE: Duration = Duration::from_secs(5);
/// How long the server may take to begin or go on with a list that it streams. Where etcd cannot
/// be asked for its progress, the end of the list may never come.
const STREAM_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest Retry-After that a watch follows; a single request gives up sooner.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(120);
/// Interval between requests for a kind that may not be watched or read (403), unless watches are
/// to be shorter.
const POLL_INTERVAL: Duration = Duration::from_secs(30);
/// A watch that ends sooner than this has not been of use, and the next one waits.
const MIN_WATCH_LIFE: Duration = Duration::from_millis(500);
/// When a watch that held so long is cut, that is the first failure of a new row.
const STABLE_WATCH: Duration = Duration::from_secs(5);
/// How often a watch may fail in a row, outages apart, before the list is read again: the version
/// it goes on from may be what the server fails at.
const MAX_WATCH_TRIES: u32 = 6;
/// A reflector counts as stuck after this time without progress and one request's timeout: some
/// times the sum of the timeouts and pauses above.
const MAX_PAUSE: Duration = Duration::from_secs(300);

/// Options of the watch.
#[derive(Debug, Clone)]
pub(super) struct ReflectorConfig {
    /// How long a watch lives before the server ends it and the next one goes on. A silent
    /// one is noticed soon after.
    pub(super) watch_life: Duration,
    /// Whether the server streams lists.
    pub(super) is_streaming: bool,
    /// Changes when all reflectors are to connect anew, whatever they wait for.
    pub(super) wake: watch::Sender<()>,
    /// Asks this reflector to read its list again.
    pub(super) relist: Arc<Notify>,
}

/// Follows one kind.
pub(super) struct Reflector<H> {
    cluster: Cluster,
    listing: Listing,
    reflector_config: ReflectorConfig,
    handler: H,
    status: StatusHandle,
    /// The version up to which everything is known; empty before a list is whole.
    version: String,
    /// Why the list must be read again, if it must.
    expired: Option<Expiry>,
    backoff: Backoff,
    /// The refusal that was logged last.
    logged_refusal: Option<String>,
    heartbeat: Heartbeat,
    /// Gets the outcome of the first list.
    first: Option<oneshot::Sender<Result<(), ClusterError>>>,
}

/// Why a list must be read again.
struct Expiry {
    why: String,
    /// Whether a watch failed.
    is_failure: bool,
}

/// The end of a watch that did not fail.
struct EndedWatch {
    lived: Duration,
}

/// A list on its way to the handler.
struct Listed<'r, H> {
    handler: &'r mut H,
    status: &'r StatusHandle,
    heartbeat: &'r Heartbeat,
    /// Number of objects so far.
    count: u64,
    /// Number of them before the page that is being read.
    before_page: u64,
}

impl<H: EventHandler> ListSink for Listed<'_, H> {
    fn begin(&mut self) {
        (self.count, self.before_page) = (0, 0);
        self.handler.begin();
    }

    fn begin_page(&mut self, is_repeated: bool) {
        self.handler.begin_page(is_repeated);
        match is_repeated {
            true => self.count = self.before_page,
            false => self.before_page = self.count,
        }
    }

    fn items(&mut self, items: &[EncodedObject<'_>]) {
        self.heartbeat.progress();
        self.handler.listed(items);
        self.add(items.len());
    }
}

impl<H> Listed<'_, H> {
    /// Reports how far the first list has come.
    fn add(&mut self, items: usize) {
        self.count += items as u64;
        let count = self.count;
        self.status.set(|feed| {
            let is_first = !feed.is_whole();
            match &mut feed.phase {
                Phase::Listing(listed) => std::mem::replace(listed, count) != count,
                phase @ Phase::Reconnecting { .. } if is_first => {
                    *phase = Phase::Listing(count);
                    true
                }
                _ => false,
            }
        });
    }
}

impl<H: EventHandler> Reflector<H> {
    /// A loop over `listing` into `handler`.
    pub(super) fn new(
        cluster: Cluster,
        listing: Listing,
        reflector_config: ReflectorConfig,
        handler: H,
    ) -> Self {
        let max_pause = MAX_PAUSE + cluster.timeout().unwrap_or_default();
        let heartbeat = Heartbeat::progressing(listing.noun, max_pause);
        Self {
            cluster,
            listing,
            status: handler.status(),
            handler,
            version: String::new(),
            expired: None,
            backoff: Backoff::up_to(reflector_config.watch_life),
            logged_refusal: None,
            heartbeat,
            reflector_config,
            first: None,
        }
    }

    /// Its heartbeat.
    pub(super) fn heartbeat(&self) -> Heartbeat {
        self.heartbeat.clone()
    }

    /// Sends the outcome of the first list.
    pub(super) fn first_outcome(&mut self) -> oneshot::Receiver<Result<(), ClusterError>> {
        let (sender, receiver) = oneshot::channel();
        self.first = Some(sender);
        receiver
    }

    /// Runs until it is dropped.
    pub(super) async fn run(mut self) {
        let mut wake = self.reflector_config.wake.subscribe();
        let relist = Arc::clone(&self.reflector_config.relist);
        loop {
            self.heartbeat.progress();
            // Whatever it waits for, an answer that may never come or the next try, ends with
            // these. What was taken in before stays.
            tokio::select! {
                () = self.follow() => {}
                _ = wake.changed() => {}
                () = relist.notified() => {
                    let why = "whose pods are own has changed".to_owned();
                    self.expired = Some(Expiry { why, is_failure: false });
                }
            }
        }
    }

    /// Lists, unless that was done, and watches until something fails.
    async fn follow(&mut self) {
        if let Some(expiry) = self.expired.take() {
            self.version.clear();
            self.begin_again(expiry).await;
        }
        let listed = match self.version.is_empty() {
            true => self.list().await,
            false => Ok(()),
        };
        let stop = match listed {
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
            Stop::Expired(why) => {
                self.expired = Some(Expiry { why, is_failure: true });
                return;
            }
            // The list is read again in any case.
            _ => self.version.clear(),
        }
        match stop {
            Stop::Failed(error @ ClusterError::Forbidden { .. }) => self.refused(error).await,
            Stop::Failed(error @ ClusterError::NotFound { .. }) if self.listing.is_optional => {
                self.refused(error).await;
            }
            Stop::Relist => {}
            Stop::Failed(error) => self.wait(error.to_string(), Some(error)).await,
            stop => self.wait(stop.to_string(), None).await,
        }
    }

    /// Before the list is read again. Once that is so at once; again and again, without
    /// a watch that held in between, it must not become all that the server does.
    async fn begin_again(&mut self, Expiry { why, is_failure }: Expiry) {
        let is_first_time = self.backoff.tries() == 0;
        let pause = self.backoff.next();
        let noun = self.listing.noun;
        let next = match is_first_time {
            true => "reading the list again".to_owned(),
            false => format!("reading the list again in {pause:.1?}"),
        };
        match is_failure && self.backoff.tries().is_power_of_two() {
            true => tracing::warn!("{noun}: {why}; {next}"),
            false => tracing::info!("{noun}: {why}; {next}"),
        }
        self.status.set(|feed| {
            feed.restarts += 1;
            if feed.is_whole() {
                feed.phase = Phase::Relisting { why: why.clone() };
            }
            true
        });
        if !is_first_time {
            sleep(pause).await;
        }
    }

    /// Waits before the next try.
    async fn wait(&mut self, why: String, error: Option<ClusterError>) {
        let retry_after = error.as_ref().and_then(ClusterError::retry_after);
        if let (Some(first), Some(error)) = (self.first.take(), error) {
            let _ = first.send(Err(error));
        }
        let pause = self.backoff.next().max(retry_after.unwrap_or_default().min(MAX_RETRY_AFTER));
        // A server that is down for hours must not fill the log.
        let tries = self.backoff.tries();
        let (noun, next) = match self.version.is_empty() {
            true => (self.listing.noun, "reading the list again"),
            false => (self.listing.noun, "going on from the last version"),
        };
        if tries.is_power_of_two() {
            tracing::warn!(tries, "{noun}: {why}; {next} in {pause:.1?}");
        } else {
            tracing::debug!(tries, "{noun}: {why}; {next} in {pause:.1?}");
        }
        let next_try = Some((Instant::now() + pause).into_std());
        let tries = self.backoff.tries();
        self.status.set_phase(&Phase::Reconnecting { why, tries, next_try });
        self.heartbeat.progress();
        sleep(pause).await;
    }

    /// What may not be listed is unknown; the right may come later.
    async fn refused(&mut self, error: ClusterError) {
        let (why, hint) = (error.to_string(), error.hint());
        self.handler.refused(&error);
        self.log_refusal(matches!(error, ClusterError::NotFound { .. }), &why, "asking again");
        if let Some(first) = self.first.take() {
            let _ = first.send(Err(error));
        }
        self.status.set_phase(&Phase::Refused { why, hint });
        sleep(self.every()).await;
    }

    /// Reads the list, streamed where the server can.
    async fn list(&mut self) -> Result<(), Stop> {
        if self.reflector_config.is_streaming {
            let stop = match self.stream_list().await {
                Ok(()) => return Ok(()),
                // Pages would fare no better.
                Err(Stop::Failed(error)) if error.is_outage() => return Err(Stop::Failed(error)),
                Err(Stop::Failed(error @ ClusterError::NotFound { .. }))
                    if self.listing.is_optional =>
                {
                    return Err(Stop::Failed(error));
                }
                Err(stop) => stop,
            };
            // The server cannot after all: it is older than it says, the feature is off, or its
            // etcd is too old. Or the right to watch is missing, and that to list is not.
            let noun = self.listing.noun;
            match &stop {
                Stop::Failed(ClusterError::Forbidden { .. }) => {
                    tracing::info!("{noun}: not streamed, so listed in pages: {stop}");
                }
                _ => tracing::warn!("{noun}: not streamed, so listed in pages: {stop}"),
            }
            if !matches!(stop, Stop::Failed(ClusterError::Cut { .. })) {
                self.reflector_config.is_streaming = false;
            }
        }
        let (handler, status) = (&mut self.handler, &self.status);
        let heartbeat = &self.heartbeat;
        let mut sink = Listed { handler, status, heartbeat, count: 0, before_page: 0 };
        let list = pages::load(&self.cluster, &self.listing, H::ENCODING, &mut sink);
        self.version = list.await.map_err(Stop::Failed)?;
        self.handler.end();
        self.status.mark_fresh();
        Ok(())
    }

    /// Reads the list as a watch with initial events, and goes on with that watch.
    async fn stream_list(&mut self) -> Result<(), Stop> {
        self.handler.begin();
        let words = format!("list {}", self.listing.noun);
        let path = self.listing.with(
            "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan\
             &allowWatchBookmarks=true",
        );
        let operation = Operation::new(&words, &self.listing.required_rbac);
        let opened = self.cluster.open(&operation, &path, H::ENCODING);
        let opened = timeout(STREAM_TIMEOUT, opened).await;
        let (encoding, body) =
            opened.map_err(|_| Stop::Silent(STREAM_TIMEOUT))?.map_err(Stop::Failed)?;
        match self.take(encoding, body, STREAM_TIMEOUT, true).await {
            // The list was whole before: its watch goes on from there.
            Err(Stop::Failed(_)) if !self.version.is_empty() => Ok(()),
            taken => taken,
        }
    }

    /// Watches until the list must be read again.
    async fn watch_on(&mut self) -> Stop {
        // Failures in a row that may be due to the version.
        let mut failures = 0;
        loop {
            self.heartbeat.progress();
            let stop = match self.watch().await {
                Ok(EndedWatch { lived }) if lived >= MIN_WATCH_LIFE => {
                    self.backoff.reset();
                    failures = 0;
                    continue;
                }
                Ok(_) => Stop::Garbage("the watch ended at once".to_owned()),
                Err(Stop::Failed(error @ ClusterError::Forbidden { .. })) => {
                    return self.poll(error).await;
                }
                Err(Stop::Failed(error @ ClusterError::Status { code: 400..=499, .. })) => {
                    return Stop::Expired(error.to_string());
                }
                Err(Stop::Failed(ClusterError::Expired { .. })) => {
                    return Stop::Expired("the watch expired (410 Gone)".to_owned());
                }
                Err(stop @ (Stop::Expired(_) | Stop::Relist)) => return stop,
                Err(stop) => stop,
            };
            self.status.set(|feed| {
                feed.restarts += 1;
                false
            });
            let why = stop.to_string();
            match stop {
                // The version is as good as before, and a list would be more to ask of a server
                // that can do no more.
                Stop::Failed(error) if error.is_outage() => self.wait(why, Some(error)).await,
                Stop::Failed(error) => {
                    failures += 1;
                    self.wait(why, Some(error)).await;
                }
                _ => {
                    failures += 1;
                    self.wait(why, None).await;
                }
            }
            if failures >= MAX_WATCH_TRIES {
                return Stop::Relist;
            }
        }
    }

    /// Without the right to watch, the list is read again and again.
    async fn poll(&mut self, error: ClusterError) -> Stop {
        let every = self.every();
        self.version.clear();
        self.log_refusal(false, &error.to_string(), "reading the list instead");
        self.status.set_phase(&Phase::Polling { why: error.to_string(), every });
        sleep(every).await;
        Stop::Relist
    }

    /// Logs a refusal once, not each time that it is tried again. Kinds that a cluster lacks are
    /// no fault.
    fn log_refusal(&mut self, is_absent: bool, why: &str, next: &str) {
        if self.logged_refusal.as_deref() == Some(why) {
            return;
        }
        self.logged_refusal = Some(why.to_owned());
        let (noun, every) = (self.listing.noun, self.every());
        match is_absent {
            true => tracing::info!("{noun}: {why}; {next} every {} s", every.as_secs()),
            false => tracing::warn!("{noun}: {why}; {next} every {} s", every.as_secs()),
        }
    }

    /// A caller with short watches needs data of that age, also from lists.
    fn every(&self) -> Duration {
        POLL_INTERVAL.min(self.reflector_config.watch_life)
    }

    /// One watch, from the last known resource version.
    async fn watch(&mut self) -> Result<EndedWatch, Stop> {
        let words = format!("watch {}", self.listing.noun);
        let path = self.listing.with(&format!(
            "watch=true&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}",
            percent_encode(&self.version),
            self.reflector_config.watch_life.as_secs().max(1),
        ));
        let operation = Operation::new(&words, &self.listing.required_rbac);
        let opened = self.cluster.open(&operation, &path, H::ENCODING).await;
        let (encoding, body) = opened.map_err(Stop::Failed)?;
        let began = Instant::now();
        self.is_up();
        let idle_timeout = self.reflector_config.watch_life + WATCH_GRACE;
        let taken = self.take(encoding, body, idle_timeout, false).await;
        if matches!(taken, Err(Stop::Failed(_))) && began.elapsed() >= STABLE_WATCH {
            self.backoff.reset();
        }
        taken?;
        // It ended in order, so nothing has been missed.
        self.status.mark_fresh();
        Ok(EndedWatch { lived: began.elapsed() })
    }

    fn is_up(&self) {
        self.status.mark_fresh();
        self.status.set_phase(&Phase::Following);
    }

    /// Takes what comes, until it ends. A list that is whole goes on as a watch, as long.
    async fn take(
        &mut self,
        encoding: Encoding,
        body: Body,
        idle_timeout: Duration,
        is_list: bool,
    ) -> Result<(), Stop> {
        let (mut body, mut idle_timeout) = (body, idle_timeout);
        let mut reader = EventReader::new(encoding);
        let mut listed = is_list.then_some(0);
        // The server ends watches itself, but this one has no time limit.
        let mut end: Option<Instant> = None;
        loop {
            let deadline = end.unwrap_or_else(|| Instant::now() + idle_timeout + WATCH_GRACE);
            let frame = tokio::select! {
                frame = timeout(idle_timeout, body.frame()) => frame,
                () = sleep_until(deadline), if end.is_some() => return Ok(()),
            };
            self.heartbeat.progress();
            match frame {
                Err(_) => return Err(Stop::Silent(idle_timeout)),
                // The rest is half an event: it comes again with the next watch.
                Ok(None) if listed.is_none() => return Ok(()),
                Ok(None) => {
                    let why = format!("the list of {} broke off", self.listing.noun);
                    return Err(Stop::Garbage(why));
                }
                Ok(Some(Err(error))) => return Err(self.cut(&error)),
                Ok(Some(Ok(frame))) => {
                    let Some(data) = frame.data_ref() else { continue };
                    self.events(&reader.push(data), &mut listed)?;
                }
            }
            if is_list && listed.is_none() && end.is_none() {
                self.is_up();
                idle_timeout = self.reflector_config.watch_life + WATCH_GRACE;
                end = Some(Instant::now() + self.reflector_config.watch_life);
                if let Some(first) = self.first.take() {
                    let _ = first.send(Ok(()));
                }
            }
        }
    }

    /// Takes events; `listed` counts those of a list until it is whole.
    fn events(&mut self, events: &[Event<'_>], listed: &mut Option<u64>) -> Result<(), Stop> {
        let fails = |event: &Event<'_>| matches!(event, Event::Failed(_) | Event::Garbage(_));
        let (mut events, failed) = match events.iter().position(fails) {
            Some(at) => (&events[..at], Some(&events[at])),
            None => (events, None),
        };
        if let Some(count) = listed {
            let ends =
                |event: &Event<'_>| matches!(event, Event::Bookmark { is_list_end: true, .. });
            let end = events.iter().position(ends);
            let (of_list, rest) = events.split_at(end.unwrap_or(events.len()));
            self.handler.changed(of_list);
            let (handler, status) = (&mut self.handler, &self.status);
            let heartbeat = &self.heartbeat;
            let mut sink = Listed { handler, status, heartbeat, count: *count, before_page: 0 };
            sink.add(of_list.len());
            *count = sink.count;
            events = rest;
            if end.is_some() {
                *listed = None;
                self.handler.end();
            }
        }
        // Events of a list do not come in the order of their versions; its end tells one.
        if let Some(last) = events.last() {
            self.handler.changed(events);
            let version = last.version();
            if !version.is_empty() {
                self.version = version;
            }
            self.status.mark_fresh();
        }
        match failed {
            None => Ok(()),
            Some(Event::Failed(Status { code: 410, message })) => {
                Err(Stop::Expired(format!("{message} (410 Gone)")))
            }
            Some(Event::Failed(Status { code, message })) => {
                Err(Stop::Garbage(format!("{message} ({code})")))
            }
            Some(Event::Garbage(cause)) => Err(Stop::Garbage(cause.clone())),
            Some(_) => Ok(()),
        }
    }

    fn cut(&self, error: &(dyn std::error::Error + 'static)) -> Stop {
        let action = format!("watch {}", self.listing.noun);
        Stop::Failed(crate::transport::cut(&action, self.cluster.server(), error))
    }
}

/// Why a list or a watch did not go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    /// A failure of the network or of the server.
    #[error(transparent)]
    Failed(ClusterError),
    /// No byte came for so long.
    #[error("the server sent nothing for {} s", .0.as_secs())]
    Silent(Duration),
    /// The server answered with something else than events.
    #[error("{0}")]
    Garbage(String),
    /// The version is too old, or unknown: the list must be read again.
    #[error("{0}")]
    Expired(String),
    /// The list is to be read again, after a pause.
    #[error("the list is read again")]
    Relist,
}
