//! Threads that download side by side, each with connections of its own.
//!
//! Requests for small files cost more time on a processor than on the network. Threads that shared
//! connections would wake each other for every one of them, which costs as much again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use futures::StreamExt as _;
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::FuturesUnordered;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};

use crate::client::Client;
use crate::context::{PUTTING_IN_ORDER, WRITING_THREADS};
use crate::error::{Error, Result};

/// So many files are no work for another thread.
const FEW: usize = 64;
/// Threads beyond this find a network or a disk that is busy.
const MOST: usize = 4;

type Job = BoxFuture<'static, ()>;

/// The thread that waits for all, and others that are started when there is enough to do.
pub(super) struct Lanes {
    client: Client,
    others: Mutex<Vec<Lane>>,
    most: usize,
    given: AtomicUsize,
}

struct Lane {
    client: Client,
    jobs: mpsc::UnboundedSender<Job>,
    thread: JoinHandle<()>,
}

impl Lanes {
    /// Only this thread, for now.
    pub(super) fn new(client: &Client) -> Self {
        let most = thread::available_parallelism().map_or(1, usize::from).min(MOST);
        Self { client: client.clone(), others: Mutex::default(), most, given: AtomicUsize::new(0) }
    }

    /// Does what `work` makes of a client: here, or on another thread with the connections of that one.
    ///
    /// # Errors
    /// Those of the work; when the system gives no thread.
    pub(super) async fn run<T, Work>(&self, work: impl FnOnce(Client) -> Work) -> Result<T>
    where
        T: Send + 'static,
        Work: Future<Output = Result<T>> + Send + 'static,
    {
        let (client, jobs) = self.next()?;
        let work = work(client);
        let Some(jobs) = jobs else { return work.await };
        let (end, outcome) = oneshot::channel();
        // Whoever does not wait for the outcome any more drops all lanes, too.
        let job = work.map(|outcome| drop(end.send(outcome))).boxed();
        // A thread that has ended drops the job, and with it the end of the channel.
        drop(jobs.send(job));
        drop(jobs);
        outcome.await.unwrap_or_else(|source| Err(Error::failed("a download broke off").caused_by(source)))
    }

    /// Whose turn it is: this thread's when there are no jobs to send.
    fn next(&self) -> Result<(Client, Option<mpsc::UnboundedSender<Job>>)> {
        let given = self.given.fetch_add(1, Ordering::Relaxed);
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if given >= FEW && others.len() + 1 < self.most {
            others.push(Lane::start(&self.client)?);
        }
        Ok(match (given % (others.len() + 1)).checked_sub(1).and_then(|index| others.get(index)) {
            Some(lane) => (lane.client.clone(), Some(lane.jobs.clone())),
            None => (self.client.clone(), None),
        })
    }
}

impl Lane {
    fn start(client: &Client) -> Result<Self> {
        let failed = |source| Error::failed("cannot start a thread that downloads").caused_by(source);
        // The log of this run belongs to the thread that starts this one, and all take part in it.
        let log = tracing::dispatcher::get_default(Clone::clone);
        let theirs = log.clone();
        let runtime = Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(WRITING_THREADS)
            .on_thread_start(move || std::mem::forget(tracing::dispatcher::set_default(&theirs)))
            .build()
            .map_err(failed)?;
        let (jobs, arriving) = mpsc::unbounded_channel();
        let run = move || tracing::dispatcher::with_default(&log, || drive(runtime, arriving));
        let thread = thread::Builder::new().name("download".to_owned()).spawn(run).map_err(failed)?;
        Ok(Self { client: client.apart(), jobs, thread })
    }
}

/// Does jobs until nobody can send any more; those that are not done by then are dropped, and what
/// they wrote is left in order.
fn drive(runtime: Runtime, mut jobs: mpsc::UnboundedReceiver<Job>) {
    runtime.block_on(async {
        let mut running = FuturesUnordered::new();
        loop {
            tokio::select! {
                job = jobs.recv() => match job {
                    Some(job) => running.push(job),
                    None => break,
                },
                Some(()) = running.next() => {}
            }
        }
    });
    runtime.shutdown_timeout(PUTTING_IN_ORDER);
}

impl Drop for Lanes {
    fn drop(&mut self) {
        let others = std::mem::take(self.others.get_mut().unwrap_or_else(PoisonError::into_inner));
        let threads: Vec<JoinHandle<()>> = others.into_iter().map(|lane| lane.thread).collect();
        for thread in threads {
            // One that broke off has told so by the outcomes that it did not send.
            drop(thread.join());
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
            let there = lanes.run(|_| async { Ok(thread::current().id()) }).await.unwrap();
            assert!(there == here || given >= FEW, "file {given} is on another thread");
            elsewhere += usize::from(there != here);
        }
        assert_eq!(elsewhere, 5, "they take turns");
        let unfinished = Arc::new(());
        {
            let wait = || {
                let held = Arc::clone(&unfinished);
                lanes.run(|_| async move {
                    std::future::pending::<()>().await;
                    drop(held);
                    Ok(())
                })
            };
            let both = futures::future::join(wait(), wait());
            assert!(both.now_or_never().is_none());
            assert_eq!(Arc::strong_count(&unfinished), 2, "the one on this thread is dropped with its future");
        }
        drop(lanes);
        assert_eq!(Arc::strong_count(&unfinished), 1, "the other one with the lanes");
    }
}
