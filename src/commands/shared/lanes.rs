//! Threads that download side by side, each with connections of its own.
//!
//! Requests for small files cost more time on a processor than on the network. Threads that shared
//! connections would wake each other for every one of them, which costs as much again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::client::Client;
use crate::context::{PUTTING_IN_ORDER, WRITING_THREADS};
use crate::error::{Error, Result};

/// So many files are no work for another thread.
const FEW: usize = 64;
/// Threads beyond this find a network or a disk that is busy.
const MOST: usize = 4;

/// The thread that waits for all, and others that are started when there is enough to do.
pub(super) struct Lanes {
    client: Client,
    others: Mutex<Vec<Lane>>,
    most: usize,
    given: AtomicUsize,
}

struct Lane {
    client: Client,
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Lanes {
    /// Only this thread, for now.
    pub(super) fn new(client: &Client) -> Self {
        let most = thread::available_parallelism().map_or(1, usize::from).min(MOST);
        Self { client: client.clone(), others: Mutex::default(), most, given: AtomicUsize::new(0) }
    }

    /// Where the next download is to run, and with which connections.
    ///
    /// # Errors
    /// When the system gives no thread, or no more open files.
    pub(super) fn next(&self) -> Result<(Handle, Client)> {
        let given = self.given.fetch_add(1, Ordering::Relaxed);
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if given >= FEW && others.len() + 1 < self.most {
            others.push(Lane::start(&self.client)?);
        }
        Ok(match (given % (others.len() + 1)).checked_sub(1).and_then(|index| others.get(index)) {
            Some(lane) => (lane.handle.clone(), lane.client.clone()),
            None => (Handle::current(), self.client.clone()),
        })
    }
}

impl Lane {
    fn start(client: &Client) -> Result<Self> {
        let failed = |source| Error::failed("cannot start a thread that downloads").caused_by(source);
        // The log of this run belongs to the thread that starts this one, and all take part in it.
        let log = tracing::dispatcher::get_default(Clone::clone);
        let runtime = Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(WRITING_THREADS)
            .on_thread_start({
                let log = log.clone();
                move || std::mem::forget(tracing::dispatcher::set_default(&log))
            })
            .build()
            .map_err(failed)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let handle = runtime.handle().clone();
        let run = move || {
            tracing::dispatcher::with_default(&log, || {
                // It ends when the other end is dropped, too.
                drop(runtime.block_on(stopped));
                runtime.shutdown_timeout(PUTTING_IN_ORDER);
            });
        };
        let thread = thread::Builder::new().name("download".to_owned()).spawn(run).map_err(failed)?;
        Ok(Self { client: client.apart(), handle, stop: Some(stop), thread: Some(thread) })
    }
}

/// What still runs ends, and files that are half written are left in order.
impl Drop for Lanes {
    fn drop(&mut self) {
        let mut others = std::mem::take(self.others.get_mut().unwrap_or_else(PoisonError::into_inner));
        others.iter_mut().for_each(|lane| drop(lane.stop.take()));
        for lane in &mut others {
            // A thread that broke off has no more to say.
            drop(lane.thread.take().map(JoinHandle::join));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RootUrl;
    use std::sync::Arc;

    #[tokio::test]
    async fn few_files_need_no_other_thread_and_none_outlives_the_work() {
        let client = Client::builder(RootUrl::parse("http://127.0.0.1:1").unwrap()).build().unwrap();
        let mut lanes = Lanes::new(&client);
        lanes.most = 2;
        let here = thread::current().id();
        let mut elsewhere = 0;
        for given in 0..FEW + 10 {
            let (handle, _) = lanes.next().unwrap();
            let there = handle.spawn(async { thread::current().id() }).await.unwrap();
            assert!(there == here || given >= FEW, "file {given} is on another thread");
            elsewhere += usize::from(there != here);
        }
        assert_eq!(elsewhere, 5, "they take turns");
        let unfinished = Arc::new(());
        for _ in 0..2 {
            let held = Arc::clone(&unfinished);
            let (handle, _) = lanes.next().unwrap();
            handle.spawn(async move {
                std::future::pending::<()>().await;
                drop(held);
            });
        }
        drop(lanes);
        assert_eq!(Arc::strong_count(&unfinished), 2, "only what is on this thread is left");
    }
}
